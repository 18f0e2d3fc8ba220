// The open file: its text, which other members may change meanwhile, and its comments.

import { call, session } from "../api.js";
import { button, clock, el, field, fill } from "../dom.js";
import { doing, empty } from "../ui.js";
import { commentsPanel } from "./comments.js";

// Text that was not saved, by account and file: the editor shows it again when the file is opened again.
const drafts = new Map();
const CHANGED = "Somebody changed this file while you were writing.";

addEventListener("beforeunload", (event) => {
  if (drafts.size) event.preventDefault();
});

export function filePanel(here, place) {
  let file = null; // as the hub stores it
  let text, save, notice, title, comments;

  fill(place, empty("No file is open", "Choose one in the tree, or make one."));

  const path = () => `/files/${file.file_uuid}`;
  const account = session.user.id;
  const draft = () => `${account} ${file.file_uuid}`;
  const isChanged = () => text.value !== file.content;

  async function open(uuid) {
    if (file?.file_uuid === uuid) return;
    try {
      file = await call("GET", `/files/${uuid}`);
    } catch (error) {
      close(error.message);
      return;
    }
    comments = commentsPanel(here, file.file_uuid);
    draw();
    await comments.load();
    if (matchMedia("(max-width: 820px)").matches) place.scrollIntoView({ block: "start" });
  }

  function draw() {
    const canWrite = here.can("WRITE");
    const made = field("Text", "textarea", { rows: 12, spellcheck: "false", value: file.content, readonly: !canWrite });
    text = made.control;
    save = button("Save", doing(store), "primary");
    notice = el("div", { role: "status" });
    title = el("h2", {}, file.name);
    text.addEventListener("input", mark);
    const kept = canWrite ? drafts.get(draft()) : undefined;
    text.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "s") {
        event.preventDefault();
        if (canWrite) doing(store)();
      }
    });
    fill(place, el("section.card.editor", { "aria-label": "Open file" },
      el("div.row", {}, title, canWrite && save), notice, made.box), comments.node);
    if (kept) {
      text.value = kept.written;
      if (kept.on === file.content) choice("What you wrote here is not saved yet.", "Throw it away", "Go on");
      else choice(CHANGED, "Show theirs", "Keep mine");
    }
    mark();
  }

  function mark() {
    save.disabled = !isChanged();
    if (isChanged()) drafts.set(draft(), { written: text.value, on: file.content });
    else drafts.delete(draft());
  }

  // Asks which text to keep: the hub's or the editor's.
  function choice(question, theirs, mine) {
    fill(notice, el("div.notice", {},
      el("p", {}, question),
      button(theirs, () => { text.value = file.content; fill(notice); mark(); }, "small"),
      button(mine, () => { fill(notice); mark(); text.focus(); }, "small")));
  }

  async function store() {
    file = await call("PATCH", path(), { json: { content: text.value } });
    fill(notice, el("p.hint", {}, `Saved at ${clock(Date.now())}`));
    mark();
  }

  // Called after the tree was loaded: the file may have changed too.
  async function refresh() {
    if (!file) return;
    if (!here.has(file.file_uuid)) {
      drafts.delete(draft());
      close("The file was deleted.");
      return;
    }
    const found = await call("GET", path());
    fill(title, found.name);
    if (found.content !== file.content) take(found);
    else file = found;
    await comments.load();
  }

  function take(found) {
    const wasChanged = isChanged();
    file = found;
    if (!wasChanged || text.value === found.content) {
      text.value = found.content;
      fill(notice, el("p.hint", {}, `Somebody changed it at ${clock(Date.now())}`));
    } else {
      choice(CHANGED, "Show theirs", "Keep mine");
    }
    mark();
  }

  function close(reason) {
    file = null;
    fill(place, empty("No file is open", reason));
  }

  return { open, refresh };
}
