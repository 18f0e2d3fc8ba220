// Shortcuts of a single key. They do nothing while the user types, "?" lists them, and they can be switched off.

import { el } from "./dom.js";
import { tell } from "./ui.js";

const STORED = "hub.keys";
let global = new Map();
let local = new Map();

// The shortcuts of every view. entries: [[key, what it does, action]]
export function shortcuts(entries) {
  global = mapped(entries);
}

// The shortcuts of the view that is shown; they replace those of the view before it.
export function viewShortcuts(entries) {
  local = mapped(entries);
}

function mapped(entries) {
  return new Map(entries.map(([key, text, action]) => [key, { text, action }]));
}

export function listen() {
  document.addEventListener("keydown", (event) => {
    const place = event.target.closest?.("input, textarea, select, dialog");
    const isTyping = place && place.closest("dialog")?.open !== false; // a dialog that closes keeps the focus for a moment
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping || isOff()) return;
    const found = local.get(event.key) ?? global.get(event.key);
    if (found) {
      event.preventDefault();
      found.action();
    }
  });
}

function isOff() {
  return localStorage.getItem(STORED) === "off";
}

export function showShortcuts() {
  const rows = [...local, ...global].map(([key, { text }]) =>
    el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)));
  const box = el("input", { type: "checkbox", id: "keys", checked: !isOff() });
  box.addEventListener("change", () => localStorage.setItem(STORED, box.checked ? "on" : "off"));
  const more = [["↑ ↓ ← →", "move in a tree"], ["Enter", "open"], ["F2", "rename"], ["Del", "delete"],
    ["Ctrl S", "save the open file"], ["Esc", "close a dialog"]];
  tell("Keyboard",
    el("dl.keys", {}, rows, more.map(([key, text]) =>
      el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)))),
    el("p.check", {}, box, el("label", { for: "keys" }, "Single keys are shortcuts")));
}
