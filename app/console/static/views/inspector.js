// Shows a stream: its events with ids and times as they arrive, and what a lost connection does to it.

import { call, session } from "../api.js";
import { button, clock, el, field, fill, plural } from "../dom.js";
import { facts } from "../facts.js";
import { viewShortcuts } from "../keys.js";
import { Stream } from "../stream.js";
import { doing, empty, liveBadge, say } from "../ui.js";

const MOST = 500;
const OVER = ["completed", "failed"];

export function inspectorView(place, [kind, ...rest]) {
  const source = field("Stream", "select", {});
  const body = el("div.stack", {});
  let leave = () => {};
  const choose = () => {
    leave();
    history.replaceState(null, "", `#/inspector/${source.control.value}`);
    const [chosen, ...name] = source.control.value.split("/");
    leave = inspect(body, chosen, decodeURIComponent(name.join("/")));
  };
  source.control.addEventListener("change", choose);
  fill(place,
    el("header.head", {}, el("div", {}, el("h1", {}, "Streams"),
      el("p.lead", {}, "Open a stream, drop the connection, publish meanwhile, and see what is made up for.")),
      source.box), body);
  offer(source.control, [kind, ...rest.map(encodeURIComponent)].join("/")).then((count) => {
    if (count) choose();
    else fill(body, empty("Nothing to listen to yet", "Make a constellation first: it has a stream.",
      el("a.button.primary", { href: "#/constellations" }, "To the constellations")));
  }).catch((error) => say(error.message, "bad"));
  return () => leave();
}

// Lists the streams that the user may read. Resolves to the number of their groups.
async function offer(select, wanted) {
  const constellations = await call("GET", "/constellations");
  const groups = [["Constellations", constellations.map((each) => [`constellation/${each.constellation_uuid}`, each.name])]];
  if (session.isOperator && facts.views.includes("inbox")) {
    const { list } = await call("GET", "/api/user?page=1&per_page=100");
    groups.push(["Inboxes", list.map((each) => [`inbox/${encodeURIComponent(each.external_id)}`, each.external_id])]);
  }
  if (facts.views.includes("concepts")) {
    const { concepts } = await call("GET", "/api/ad-concepts?page=1&per_page=100");
    groups.push(["Concepts", concepts.map((each) => [`concept/${each.id}`, each.ad_archive_id])]);
  }
  const full = groups.filter(([, entries]) => entries.length);
  fill(select, full.map(([label, entries]) => el("optgroup", { label }, entries.map(([value, text]) =>
    el("option", { value, selected: value === wanted }, text)))));
  return full.length;
}

const OPENERS = {
  constellation: async (uuid) => ({ path: `/sse/updates/${uuid}` }),
  concept: async (id) => ({ path: `/api/ad-concepts/${id}/stream`, names: ["concept-update"] }),
  inbox: async (name) => {
    const { access_token: token } = await call("GET", `/api/user/${encodeURIComponent(name)}/token`);
    return { path: "/sse", token, names: ["message.acknowledged"] };
  },
};

function inspect(place, kind, name) {
  const badge = liveBadge();
  const rows = el("tbody", {});
  const count = el("span.hint", { role: "status" });
  const filter = field("Filter", "input", { type: "search", placeholder: "Text in name or data" });
  const position = field("Position", "input", { placeholder: "none yet", spellcheck: "false", autocomplete: "off",
    hint: "The id of the last event: where the next connection goes on from. Change it while dropped." });
  const held = [];
  let stream = null;
  let isPaused = false;
  let total = 0;
  let isGone = false;

  const pause = button("Pause", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    fill(pause, isPaused ? "Resume" : "Pause");
    if (!isPaused) held.splice(0).forEach(show);
    tally();
  }, "", { "aria-pressed": "false" });
  const drop = button("Drop the connection", () => {
    if (!stream) return;
    if (stream.state === "paused") {
      stream.cursor = position.control.value.trim();
      stream.resume();
    } else {
      stream.pause();
      line({ name: "dropped", id: "", data: "You dropped the connection", time: Date.now() });
    }
  });
  const clear = button("Clear", () => { fill(rows); total = held.length = 0; tally(); });

  function tally() {
    fill(count, plural(total, "event"), held.length > 0 && `, ${held.length} held back`);
  }
  function line(event) {
    if (isPaused) held.push(event);
    else show(event);
    if (held.length > MOST) held.shift();
  }
  function show(event) {
    const row = rowOf(event);
    row.hidden = !matches(row);
    rows.prepend(row);
    while (rows.children.length > MOST) rows.lastChild.remove();
  }
  const matches = (row) => row.textContent.toLowerCase().includes(filter.control.value.toLowerCase());
  filter.control.addEventListener("input", () => {
    for (const row of rows.children) row.hidden = !matches(row);
  });

  const onevent = (event) => {
    total += 1;
    if (stream?.cursor || event.id) position.control.value = event.id || stream.cursor;
    line(event);
    tally();
    if (event.name === "concept-update" && OVER.includes(JSON.parse(event.data).status)) {
      stream.close(); // the answer is final: the hub ends the stream here
      onstate({ state: "ended", text: "Finished" });
    }
  };
  const onstate = (state) => {
    badge.show(state);
    fill(drop, state.state === "paused" ? "Connect again" : "Drop the connection");
    drop.disabled = state.state === "ended";
    position.control.readOnly = state.state !== "paused";
  };
  OPENERS[kind](name).then(({ path, ...options }) => {
    if (!isGone) stream = new Stream(path, { ...options, onevent, onstate });
  }).catch((error) => say(error.message, "bad"));

  viewShortcuts([["p", "pause and resume", () => pause.click()], ["d", "drop the connection, connect again", () => drop.click()],
    ["/", "filter", () => filter.control.focus()]]);
  tally();
  fill(place,
    el("section.card.controls", {}, el("div.row", {}, el("div.actions", {}, badge, count), el("div.actions", {}, drop, pause, clear)),
      el("div.fields", {}, filter.box, position.box)),
    kind === "constellation" && publisher(name),
    el("div.scroll", { tabindex: "0", role: "region", "aria-label": "Events" },
      el("table.events", {}, el("thead", {}, el("tr", {}, ["Time", "Event", "Id", "Data"].map((title) => el("th", { scope: "col" }, title)))), rows)));
  return () => {
    isGone = true;
    stream?.close();
  };
}

// Publishes to the topic, as any member may.
function publisher(uuid) {
  const text = field("Publish", "input", { value: '{"hello": "everybody"}', autocomplete: "off", spellcheck: "false" });
  const publish = doing(() => call("POST", `/sse/notify/${uuid}`, { body: text.control.value }));
  return el("form.card.publish", { onsubmit: publish }, text.box, el("button.primary", { type: "submit" }, "Publish"));
}

const VERDICTS = {
  "stream.resumed": (data) => `Nothing was lost: ${plural(data.replayed, "event")} made up for`,
  "stream.reset": (data) => (data.reason === "unknown_cursor"
    ? "This position is unknown: load everything anew" : "The history is gone: load everything anew"),
  "stream.closed": (data) => `The hub ended the stream: ${data.reason}`,
};

function rowOf({ name, id, data, time }) {
  const verdict = VERDICTS[name];
  const kind = name === "stream.resumed" ? "good" : verdict ? "warn" : name === "dropped" ? "dim" : "";
  return el(`tr${kind && `.${kind}`}`, {},
    el("td", {}, el("time", {}, clock(time))),
    el("td", {}, name),
    el("td.mono", { title: id }, id.length > 14 ? `…${id.slice(-12)}` : id),
    el("td", {}, verdict && el("strong", {}, verdict(JSON.parse(data))), el("code", {}, data)));
}
