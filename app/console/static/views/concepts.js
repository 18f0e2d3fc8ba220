// Concepts of images: tasks of the task service, followed live and drawn when they are finished.

import { call } from "../api.js";
import { button, el, field, fill, moment } from "../dom.js";
import { Stream } from "../stream.js";
import { ask, chip, doing, empty, say } from "../ui.js";
import { drawConcept } from "./concept.js";
import { samplePicture, shrink } from "../picture.js";

const LOOKS = { pending: "", processing: "warn", completed: "good", failed: "bad" };
const STEPS = ["pending", "processing", "completed"];
const shownHere = new Map(); // pictures that this page submitted, by ad: the hub does not keep them
const FOLLOWED = 3; // streams at a time: browsers allow six connections per origin over HTTP/1.1

export function conceptsView(place) {
  const list = el("div.stack", {});
  const streams = new Map();
  const found = new Map();

  const follow = () => {
    for (const [id, concept] of found) {
      if (streams.size >= FOLLOWED || streams.has(id) || isOver(concept)) continue;
      streams.set(id, new Stream(`/api/ad-concepts/${id}/stream`, {
        names: ["concept-update"],
        onevent: ({ name, data }) => name === "concept-update" && update(id, JSON.parse(data)),
        onstate: ({ state }) => state === "ended" && leave(id),
      }));
    }
  };
  const leave = (id) => {
    streams.get(id)?.close();
    streams.delete(id);
  };
  const update = (id, news) => {
    found.set(id, { ...found.get(id), error: undefined, ...news });
    if (isOver(news)) leave(id);
    place.querySelector(`[data-concept="${CSS.escape(id)}"]`)?.replaceWith(card(found.get(id), retry));
    follow();
  };
  const retry = async (id) => update(id, await call("POST", `/api/ad-concepts/${id}/retry`));

  async function load() {
    const { concepts } = await call("GET", "/api/ad-concepts");
    found.clear();
    for (const each of concepts.sort((one, other) => other.created_at.localeCompare(one.created_at))) found.set(each.id, each);
    fill(list, [...found.values()].map((each) => card(each, retry)));
    if (!found.size) fill(list, empty("No concept yet", "Give it a picture: what is in it is measured, and drawn here."));
    follow();
  }

  fill(place,
    el("header.head", {}, el("div", {}, el("h1", {}, "Concepts"), el("p.lead", {}, "What is in a picture, worked out by a task that outlives every connection."))),
    submission(load), list);
  load().catch((error) => say(error.message, "bad"));
  return () => {
    for (const id of [...streams.keys()]) leave(id);
  };
}

const isOver = ({ status }) => status === "completed" || status === "failed";

function submission(load) {
  const file = field("Picture", "input", { type: "file", accept: "image/*" });
  const submit = async (name, url) => {
    if (url.startsWith("data:")) shownHere.set(name, url);
    await call("POST", "/api/ad-concepts", { json: { ad_archive_id: name, image_url: url } });
    await load();
  };
  const upload = doing(async () => {
    const [chosen] = file.control.files;
    if (!chosen) throw new Error("Choose a picture first.");
    await submit(`${chosen.name} · ${moment(Date.now())}`.slice(0, 200), await shrink(chosen));
    file.control.value = "";
  });
  const sample = doing(() => submit(`sample · ${moment(Date.now())}`, samplePicture()));
  const byAddress = () => ask("By address", [
    ["Name of the ad", "name", { required: true, maxlength: 200 }],
    ["Address of the picture", "url", { type: "url", required: true, placeholder: "https://…" }],
  ], "Begin", ({ name, url }) => submit(name, url));
  return el("form.card.submission", { onsubmit: upload }, file.box,
    el("div.actions", {}, el("button.primary", { type: "submit" }, "Begin"),
      button("Use a sample", sample), button("By address …", byAddress)));
}

function card(concept, retry) {
  const { id, status, error, concept_json: result } = concept;
  return el("article.card.concept", { "data-concept": id, "aria-label": concept.ad_archive_id },
    el("div.row", {}, el("h2", {}, concept.ad_archive_id), el("div.actions", {}, chip(status, LOOKS[status]),
      status === "failed" && button("Try again", doing(() => retry(id)), "small"))),
    status !== "completed" && steps(status),
    error && el("p.problem", {}, error),
    drawConcept(concept.image_url ?? shownHere.get(concept.ad_archive_id), result));
}

function steps(status) {
  const at = STEPS.indexOf(status);
  return el("ol.steps", { "aria-label": "Progress" }, STEPS.map((step, index) =>
    el("li", { "aria-current": index === at ? "step" : null, "data-past": String(index <= at) }, step)));
}
