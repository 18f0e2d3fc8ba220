// The tree of folders and files, operated as the ARIA tree pattern says: one stop for the tab key, arrows within.

import { call } from "../api.js";
import { button, el, fill } from "../dom.js";
import { icon } from "../icons.js";
import { ask, confirm, doing } from "../ui.js";

export function treePanel(here) {
  const list = el("ul.tree", { role: "tree", "aria-label": "Files and folders" });
  const bar = el("div.actions.wrap", {});
  const node = el("section.card", {}, el("div.row", {}, el("h2", {}, "Files")), list, bar);
  const closed = new Set();
  let root = null;
  let selected = null;

  const folder = () => (selected?.type === "folder" ? selected : parentOf(root, selected?.uuid)) ?? root;
  // Gives the focus back to the tree, which may have been drawn again while a dialog was open.
  const focus = () => list.querySelector('[tabindex="0"]')?.focus();
  const newFile = () => here.can("WRITE") && ask("New file", [
    ["Name", "name", { required: true, maxlength: 200, value: "note.md" }],
  ], "Create", async ({ name }) => {
    const made = await call("POST", "/files", { json: { name, content: "", folder_uuid: folder().uuid } });
    await load();
    choose(made.file_uuid);
    here.open(made.file_uuid);
  }).then(focus);
  const newFolder = () => here.can("WRITE") && ask("New folder", [["Name", "name", { required: true, maxlength: 200 }]],
    "Create", async ({ name }) => {
      const made = await call("POST", "/folders", { json: { name, parent_folder_uuid: folder().uuid } });
      await load();
      choose(made.folder_uuid);
    }).then(focus);
  const path = (item) => `/${item.type === "folder" ? "folders" : "files"}/${item.uuid}`;
  const rename = (item) => here.can("WRITE") && ask("Rename", [["Name", "name", { value: item.name, required: true, maxlength: 200 }]],
    "Rename", async ({ name }) => { await call("PATCH", path(item), { json: { name } }); await load(); }).then(focus);
  const remove = async (item) => {
    if (!here.can("WRITE") || item === root) return;
    const what = item.type === "folder" ? "with all that is in it" : "with its comments";
    if (!await confirm(`Delete “${item.name}”?`, `It goes ${what}, for everybody.`, "Delete")) return;
    await call("DELETE", path(item));
    await load();
    focus();
  };

  async function load() {
    root = await call("GET", `/structure/${here.uuid}`);
    selected = find(root, selected?.uuid) ?? root;
    draw();
  }

  function draw(takesFocus = list.contains(document.activeElement)) {
    fill(list, item(root, 1));
    if (takesFocus) focus();
    const isRoot = selected === root;
    fill(bar, here.can("WRITE") ? [
      button("New file", newFile, "small"), button("New folder", newFolder, "small"),
      button("Rename", () => rename(selected), "small"),
      !isRoot && button("Delete", doing(() => remove(selected)), "small"),
    ] : el("p.hint", {}, `You may ${here.rights === "COMMENT" ? "read and comment" : "read"} here.`));
  }

  function item(each, level) {
    const isFolder = each.type === "folder";
    const isOpen = isFolder && !closed.has(each.uuid);
    const children = isOpen ? [...each.children].sort(order) : [];
    const line = el("span.line", {},
      isFolder ? icon("chevron") : el("i.icon", {}), icon(each.type), el("span.name", {}, each.name));
    line.style.setProperty("--depth", level - 1);
    return el("li", {
      role: "treeitem", "aria-level": level, "aria-selected": String(each === selected), "data-uuid": each.uuid,
      "aria-expanded": isFolder ? String(isOpen) : null, tabindex: each === selected ? 0 : -1, "aria-label": each.name,
      onclick: (event) => { event.stopPropagation(); activate(each, event.target.closest("svg.icon") === line.firstChild); },
      onkeydown: (event) => key(event, each),
    }, line, children.length > 0 && el("ul", { role: "group" }, children.map((child) => item(child, level + 1))));
  }

  function activate(each, isChevron) {
    if (each.type === "folder" && (isChevron || each === selected)) toggle(each);
    choose(each.uuid, true);
    if (each.type === "file") here.open(each.uuid);
  }

  function toggle(each) {
    if (!closed.delete(each.uuid)) closed.add(each.uuid);
  }

  function choose(uuid, takesFocus = false) {
    selected = find(root, uuid) ?? root;
    draw(takesFocus);
  }

  function key(event, each) {
    const lines = [...list.querySelectorAll("[role=treeitem]")];
    const at = lines.findIndex((line) => line.dataset.uuid === each.uuid);
    const isOpen = each.type === "folder" && !closed.has(each.uuid);
    const to = (index) => lines[index] && choose(lines[index].dataset.uuid, true);
    const actions = {
      ArrowDown: () => to(at + 1),
      ArrowUp: () => to(at - 1),
      Home: () => to(0),
      End: () => to(lines.length - 1),
      ArrowRight: () => (isOpen ? to(at + 1) : each.type === "folder" && (toggle(each), draw(true))),
      ArrowLeft: () => (isOpen ? (toggle(each), draw(true)) : choose(parentOf(root, each.uuid)?.uuid, true)),
      Enter: () => activate(each, true),
      " ": () => activate(each, true),
      F2: () => rename(each),
      Delete: doing(() => remove(each)),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !actions[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key](event);
  }

  return { node, load, choose, newFile, newFolder, has: (uuid) => find(root, uuid) !== null };
}

function order(one, other) {
  return (one.type === "file") - (other.type === "file") || one.name.localeCompare(other.name);
}

function find(item, uuid) {
  if (!item || item.uuid === uuid) return item;
  return (item.children ?? []).map((child) => find(child, uuid)).find(Boolean) ?? null;
}

function parentOf(item, uuid) {
  if (!item?.children) return null;
  if (item.children.some((child) => child.uuid === uuid)) return item;
  return item.children.map((child) => parentOf(child, uuid)).find(Boolean) ?? null;
}
