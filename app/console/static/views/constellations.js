// The caller's constellations; opening one shows it.

import { call } from "../api.js";
import { button, el, fill } from "../dom.js";
import { viewShortcuts } from "../keys.js";
import { ask, chip, empty, say } from "../ui.js";
import { constellationView } from "./constellation.js";

export function constellationsView(place, [uuid, file]) {
  return uuid ? constellationView(place, uuid, file) : listView(place);
}

function listView(place) {
  const list = el("div.cards", { "aria-busy": "true" });
  const create = () => ask("New constellation", [
    ["Name", "name", { required: true, maxlength: 200 }],
    ["Description", "description", { kind: "textarea", maxlength: 2000, rows: 3 }],
  ], "Create", async (values) => {
    const made = await call("POST", "/constellations", { json: values });
    location.hash = `#/constellations/${made.constellation_uuid}`;
  });
  viewShortcuts([["n", "new constellation", create]]);
  fill(place,
    el("header.head", {},
      el("div", {}, el("h1", {}, "Constellations"), el("p.lead", {}, "Shared workspaces. What anybody changes, everybody sees at once.")),
      el("div.actions", {}, button("New constellation", create, "primary"))),
    list);
  load(list, create);
}

async function load(list, create) {
  try {
    const found = await call("GET", "/constellations");
    fill(list, found.map(card));
    if (!found.length) {
      fill(list, empty("No constellation yet", "Make one, or ask somebody to add you to theirs by your id.",
        button("New constellation", create, "primary")));
    }
  } catch (error) {
    say(error.message, "bad");
  }
  list.removeAttribute("aria-busy");
}

function card({ constellation_uuid: uuid, name, description, rights }) {
  return el("a.card", { href: `#/constellations/${uuid}` },
    el("h2", {}, name), el("p", {}, description || "No description"), chip(rights, rights.toLowerCase()));
}
