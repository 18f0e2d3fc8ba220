// The inbox of one recipient: the messages that are not acknowledged, then new ones as they arrive.

import { call, session } from "../api.js";
import { button, el, field, fill, moment, plural } from "../dom.js";
import { Stream } from "../stream.js";
import { doing, empty, liveBadge, say } from "../ui.js";

export function inboxView(place, [given]) {
  const body = el("div.halves", {});
  const who = session.isOperator
    ? field("Recipient", "input", { value: given ?? session.user.name, required: true, list: "recipients", autocomplete: "off" })
    : field("Subscriber token", "input", { type: "password", required: true, autocomplete: "off",
      hint: "Recipients are a back end's own names, and no accounts: it hands out their tokens (GET /api/user/{id}/token). Operators, such as alice of the demo, open any here by name." });
  const names = el("datalist", { id: "recipients" });
  let leave = () => {};
  const open = doing(async () => {
    leave();
    const value = who.control.value.trim();
    const token = session.isOperator
      ? (await call("GET", `/api/user/${encodeURIComponent(value)}/token`)).access_token : value;
    if (session.isOperator) history.replaceState(null, "", `#/inbox/${encodeURIComponent(value)}`);
    leave = inbox(body, token, session.isOperator ? value : null);
  });
  fill(place,
    el("header.head", {},
      el("div", {}, el("h1", {}, "Inbox"), el("p.lead", {}, "Messages wait here until they are acknowledged, and come again with every connection.")),
      el("form.inline", { onsubmit: open }, who.box, el("button", { type: "submit" }, "Open"))),
    body, names);
  if (session.isOperator) {
    call("GET", "/api/user?page=1&per_page=100")
      .then(({ list }) => fill(names, list.map((each) => el("option", { value: each.external_id }))))
      .catch((error) => say(error.message, "bad"));
    open();
  }
  return () => leave();
}

function inbox(place, token, name) {
  const waiting = new Map();
  const badge = liveBadge();
  const title = el("h2", {}, "Waiting");
  const list = el("ul.messages", { "aria-label": "Messages that wait" });
  const read = el("ul.messages", { "aria-label": "Acknowledged messages" });

  const acknowledge = async (ids) => {
    await call("POST", "/api/message/acknowledge", { json: { message_ids: ids }, token });
    done(ids);
  };
  const all = button("Acknowledge all", doing(() => acknowledge([...waiting.keys()])), "small");
  const done = (ids) => {
    for (const id of ids) {
      const payload = waiting.get(id);
      if (waiting.delete(id)) read.prepend(el("li", {}, el("p", {}, payload), el("small", {}, `acknowledged ${moment(Date.now())}`)));
    }
    draw();
  };
  const draw = () => {
    all.disabled = !waiting.size;
    fill(title, waiting.size ? plural(waiting.size, "message waits", "messages wait") : "Nothing waits");
    fill(list, [...waiting].map(([id, payload]) => el("li", {}, el("p", {}, payload),
      button("Acknowledge", doing(() => acknowledge([id])), "small", { "aria-label": `Acknowledge: ${payload.slice(0, 60)}` }))));
    if (!waiting.size) fill(list, empty("All read", name ? "Send something from the form." : "New messages come by themselves."));
  };
  const stream = new Stream("/sse", {
    token,
    names: ["message.acknowledged"],
    onstate: (state) => badge.show(state),
    onevent: ({ name: kind, data }) => {
      if (kind === "message.acknowledged") done(JSON.parse(data).message_ids);
      if (kind !== "message") return;
      const { id, payload } = JSON.parse(data);
      if (id) waiting.set(id, payload); // without an id: the ping of an empty inbox
      draw();
    },
  });
  const before = el("section.card", {}, el("h2", {}, "Acknowledged"), read);
  fill(place,
    el("section.card", {}, el("div.row", {}, title, el("div.actions", {}, badge, all)), list),
    el("div.column", {}, name !== null && sender(name), before));
  draw();
  if (name !== null) earlier(name, read);
  return () => stream.close();
}

// The acknowledged messages, newest first. A recipient without any message has no history.
async function earlier(name, read) {
  const { list } = await call("GET", "/api/user?page=1&per_page=500");
  if (!list.some((each) => each.external_id === name)) return;
  const path = `/api/user/${encodeURIComponent(name)}/messages?state=all&page=1&per_page=50`;
  const { list: messages } = await call("GET", path);
  for (const each of messages.filter((message) => message.read)) {
    read.append(el("li", {}, el("p", {}, each.payload), el("small", {}, `acknowledged ${moment(each.read_at)}`)));
  }
}

function sender(name) {
  const payload = field("Message", "textarea", { rows: 3, required: true });
  const users = field("To", "input", { value: name, hint: "Several with commas between" });
  const groups = field("Groups", "input", { hint: "Names, with commas between" });
  const split = ({ control }) => control.value.split(",").map((each) => each.trim()).filter(Boolean);
  const send = doing(async () => {
    const json = { payload: payload.control.value, users: split(users), groups: split(groups) };
    const { recipients } = await call("POST", "/api/message/notify", { json });
    say(`Sent to ${plural(recipients, "recipient")}`);
    payload.control.value = "";
  });
  return el("form.card", { onsubmit: send }, el("h2", {}, "Send a message"), payload.box,
    el("div.fields", {}, users.box, groups.box), el("button.primary", { type: "submit" }, "Send"));
}
