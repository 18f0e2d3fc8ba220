// Small parts that every view uses: messages, dialogs, the state of a stream.

import { button, el, field, fill } from "./dom.js";

export function say(text, kind = "") {
  const toast = el(`div.toast${kind && `.${kind}`}`, {}, text);
  document.getElementById("toasts").append(toast);
  setTimeout(() => toast.remove(), kind === "bad" ? 8000 : 4000);
}

// The handler of a click or a submit: it shows an error as a message, and the button is busy until it is done.
export function doing(action) {
  return async (event) => {
    event?.preventDefault();
    const target = event?.submitter ?? event?.currentTarget;
    if (target?.getAttribute("aria-busy")) return;
    target?.setAttribute("aria-busy", "true");
    try {
      await action(event);
    } catch (error) {
      if (error.name !== "AbortError") say(error.message, "bad");
    } finally {
      target?.removeAttribute("aria-busy");
    }
  };
}

function open(title, body, actions) {
  const dialog = el("dialog", { "aria-label": title }, el("h2", {}, title), body, el("div.actions", {}, actions));
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  return dialog;
}

// Resolves to true or false.
export function confirm(title, text, verb) {
  return new Promise((resolve) => {
    const yes = button(verb, () => { resolve(true); dialog.close(); }, "danger");
    const dialog = open(title, el("p", {}, text), [button("Cancel", () => dialog.close()), yes]);
    dialog.addEventListener("close", () => resolve(false));
    yes.focus();
  });
}

// fields: [[label, name, {value, kind, …}]]. Resolves to {name: value}, or to null when the dialog is dismissed. The
// dialog stays open and shows the error until `save` succeeds.
export function ask(title, fields, verb, save) {
  return new Promise((resolve) => {
    const made = fields.map(([label, name, { kind = "input", choices = [], ...options } = {}]) =>
      [name, field(label, kind, { autocomplete: "off", ...options }, choices.map((each) => el("option", {}, each)))]);
    const problem = el("p.problem", { role: "alert" });
    const submit = async (event) => {
      event.preventDefault();
      const values = Object.fromEntries(made.map(([name, { control }]) => [name, control.value]));
      try {
        await save(values);
        resolve(values);
        dialog.close();
      } catch (error) {
        fill(problem, error.message);
      }
    };
    const form = el("form", { id: "ask", onsubmit: submit }, made.map(([, { box }]) => box), problem);
    const dialog = open(title, form, [
      button("Cancel", () => dialog.close()),
      el("button.primary", { type: "submit", form: "ask" }, verb),
    ]);
    dialog.addEventListener("close", () => resolve(null));
    made[0][1].control.select?.();
  });
}

export function tell(title, ...body) {
  const dialog = open(title, body, [button("Close", () => dialog.close(), "primary")]);
  return dialog;
}

const LOOKS = { open: "good", waiting: "warn", connecting: "warn", ended: "bad", paused: "" };

// The state of a stream, as a dot and a word. Screen readers read it when it changes.
export function liveBadge() {
  const node = el("span.live", { role: "status" });
  let shown = "";
  node.show = ({ state, text, seconds }) => {
    const wording = seconds > 1 ? `${text} in ${seconds} s` : text;
    if (wording === shown) return;
    shown = wording;
    node.dataset.state = state;
    fill(node, el(`i.dot${LOOKS[state] && `.${LOOKS[state]}`}`, { "aria-hidden": "true" }), wording);
  };
  return node;
}

export function copyable(text, what) {
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    say(`${what} copied`);
  };
  return el("button.copy", { type: "button", title: `Copy ${what.toLowerCase()}`, onclick: doing(copy) }, text);
}

export function empty(title, text, ...more) {
  return el("div.empty", {}, el("strong", {}, title), el("p", {}, text), more);
}

// Chips of the four rights, and of states.
export function chip(text, kind = "") {
  return el(`span.chip${kind && `.${kind}`}`, {}, text);
}
