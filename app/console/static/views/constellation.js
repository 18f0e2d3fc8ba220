// One constellation, live: its tree, the open file, its members and its latest events. An event makes the page load
// the part that it is about; a reset of the stream makes it load everything.

import { call } from "../api.js";
import { button, clock, el, fill } from "../dom.js";
import { viewShortcuts } from "../keys.js";
import { isAtLeast } from "../rights.js";
import { Stream } from "../stream.js";
import { ask, chip, confirm, doing, empty, liveBadge, say } from "../ui.js";
import { filePanel } from "./file.js";
import { membersPanel } from "./members.js";
import { treePanel } from "./tree.js";

const NEWS = 30;

export function constellationView(place, uuid, fileUuid) {
  const here = { uuid, rights: "READ", members: [], can: (level) => isAtLeast(here.rights, level) };
  const head = el("header.head", {});
  const badge = liveBadge();
  const news = el("ol.news", { "aria-label": "What just happened" });
  const side = el("div.panel", {});
  here.open = (file) => {
    history.replaceState(null, "", `#/constellations/${uuid}/${file}`);
    editor.open(file);
  };
  const tree = treePanel(here);
  here.has = tree.has;
  const members = membersPanel(here);
  const editor = filePanel(here, side);

  const reload = async () => {
    try {
      const found = await call("GET", `/constellations/${uuid}`);
      Object.assign(here, found);
      showHead(head, here, badge);
      await Promise.all([tree.load(), members.load()]);
      await editor.refresh();
    } catch (error) {
      gone(error);
    }
  };
  const gone = (error) => {
    if (error.status !== 403 && error.status !== 404 && error.status !== 400) return say(error.message, "bad");
    stream.close();
    clearTimeout(timer);
    return fill(place, empty("You can't see this constellation", error.message,
      el("a.button", { href: "#/constellations" }, "To your constellations")));
  };

  const due = new Set();
  let timer = null;
  let wasOpen = false;
  const stream = new Stream(`/sse/updates/${uuid}`, {
    onstate: (state) => {
      badge.show(state);
      if (state.state === "open" && wasOpen) reload();
      wasOpen ||= state.state === "open";
      if (state.state === "ended") gone({ status: 403, message: `${state.text}.` });
    },
    onevent: (event) => {
      const update = read(event);
      if (update) note(news, update, event.time, here);
      refreshSoon(update, event.name);
    },
  });

  const refreshSoon = (update, name) => {
    const [subject] = (update?.type ?? "").split(".");
    if (name === "stream.reset" || subject === "constellation" || subject === "member") due.add("all");
    else if (subject === "file" || subject === "folder" || subject === "comment") due.add(subject);
    if (update?.type === "constellation.deleted" || !due.size) return;
    timer ??= setTimeout(async () => {
      timer = null;
      const parts = [...due];
      due.clear();
      await refresh(parts);
    }, 60);
  };
  const refresh = async (parts) => {
    if (parts.includes("all")) return reload();
    try {
      if (parts.includes("file") || parts.includes("folder")) await tree.load();
      await editor.refresh();
    } catch (error) {
      say(error.message, "bad");
    }
    return null;
  };

  viewShortcuts([["n", "new file", tree.newFile], ["f", "new folder", tree.newFolder]]);
  fill(place, head, el("div.workspace", {},
    el("div.column", {}, tree.node, members.node, el("section.card", {}, el("h2", {}, "Just now"), news)),
    side));
  fill(news, el("li.hint", {}, "What others change shows up here."));
  reload().then(() => {
    if (!fileUuid || !here.has(fileUuid)) return;
    tree.choose(fileUuid);
    editor.open(fileUuid);
  });
  return () => {
    clearTimeout(timer);
    stream.close();
  };
}

function showHead(head, here, badge) {
  const rename = () => ask("Constellation", [
    ["Name", "name", { value: here.name, required: true, maxlength: 200 }],
    ["Description", "description", { kind: "textarea", value: here.description ?? "", rows: 3, maxlength: 2000 }],
  ], "Save", (values) => call("PATCH", `/constellations/${here.uuid}`, { json: values }));
  const remove = doing(async () => {
    if (!await confirm("Delete this constellation?", `“${here.name}” goes with all its files, for everybody.`, "Delete")) return;
    await call("DELETE", `/constellations/${here.uuid}`);
    location.hash = "#/constellations";
  });
  fill(head,
    el("div", {},
      el("a.back", { href: "#/constellations" }, "Constellations"),
      el("h1", {}, here.name, chip(here.rights, here.rights.toLowerCase())),
      here.description && el("p.lead", {}, here.description)),
    el("div.actions", {}, badge,
      here.can("WRITE") && button("Edit", rename),
      here.can("ADMIN") && button("Delete", remove, "danger")));
}

function read({ name, data }) {
  if (name !== "message") return null;
  try {
    const update = JSON.parse(data);
    return typeof update?.type === "string" ? update : { type: "notice", text: data };
  } catch {
    return { type: "notice", text: data };
  }
}

// Adds a sentence about the event to the list. Members may publish any text on the topic.
function note(list, update, time, here) {
  const data = update.data ?? {};
  const [subject, verb] = update.type.split(".");
  const who = here.members.find((member) => member.uuid === data.author_uuid)?.name ?? "Somebody";
  const what = {
    file: `File ${data.name ?? ""} ${verb}`,
    folder: `Folder ${data.name ?? ""} ${verb}`,
    comment: verb === "created" ? `${who}: ${data.content}` : `A comment was ${verb}`,
    member: `${data.name ?? "A member"} ${verb === "changed" ? `may ${data.rights} now` : verb}`,
    constellation: `Constellation ${verb}`,
    notice: update.text,
  }[subject] ?? update.type;
  list.querySelector(".hint")?.remove();
  list.prepend(el("li", {}, el("time", {}, clock(time)), el("span", {}, String(what).slice(0, 300))));
  while (list.children.length > NEWS) list.lastChild.remove();
}
