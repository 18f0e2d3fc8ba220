// Draws one concept: the picture with its parts outlined, its colours as swatches, its measures as bars.

import { el, svg } from "../dom.js";

const COLOR = /^#[0-9a-f]{6}$/i;
const BARS = { brightness: "Brightness", contrast: "Contrast", saturation: "Saturation", whitespace: "Empty space", detail: "Detail" };

// `result` is the concept_json. Every part of it may be missing: it depends on the task service.
export function drawConcept(url, result) {
  const elements = list(result?.details?.elements);
  return el("div.drawn", {},
    url ? photograph(url, elements) : result && sketch(result, elements),
    result && el("div.stack", {},
      el("div", {}, el("h3", {}, text(result.title)), el("p", {}, text(result.summary))),
      palette(list(result.color_palette)),
      bars(result.details?.measures),
      facts(result),
      advice(list(result.best_practices)),
      result.generator?.note && el("p.hint", {}, text(result.generator.note))));
}

const list = (value) => (Array.isArray(value) ? value : []);
const text = (value) => (typeof value === "string" ? value : "");

const boxed = (elements) => elements.filter(({ box }) => box);

function photograph(url, elements) {
  const image = el("img", { src: url, alt: "The picture", loading: "lazy", referrerpolicy: "no-referrer" });
  const outlines = boxed(elements).map(({ box }) => svg("rect", { x: box.x, y: box.y, width: box.width, height: box.height }));
  return el("figure", {}, el("div.picture", {}, image, svg("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" }, outlines)));
}

// The hub does not keep a picture that came with the request: after the task only the measures remain.
function sketch(result, elements) {
  const { width = 3, height = 2 } = result.details?.image ?? {};
  const ground = list(result.color_palette).find(({ role }) => role === "background") ?? list(result.color_palette)[0];
  const part = (x, y, wide, high, color) => svg("rect", { x: x * width, y: y * height, width: wide * width, height: high * height, fill: COLOR.test(color) ? color : "none" });
  const parts = boxed(elements).map(({ box, colors }) => part(box.x, box.y, box.width, box.height, colors?.[0]));
  return el("figure", {},
    svg("svg.sketch", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Where the parts are" }, part(0, 0, 1, 1, ground?.hex), parts),
    el("figcaption.hint", {}, "Its parts, as measured: the picture itself is not kept."));
}

function palette(colors) {
  if (!colors.length) return null;
  const known = colors.filter(({ hex }) => COLOR.test(hex));
  const strip = el("div.strip", { "aria-hidden": "true" }, known.map(({ hex, share }) => {
    const part = el("i", {});
    part.style.background = hex;
    part.style.flexGrow = share > 0 ? share * 100 : 1; // with a sum below 1 they would leave a gap
    return part;
  }));
  return el("section", { "aria-label": "Colours" }, strip, el("ul.swatches", {}, known.map(({ hex, name, role, share }) => {
    const swatch = el("i", { "aria-hidden": "true" });
    swatch.style.background = hex;
    return el("li", {}, swatch, el("span", {}, text(name)), el("code", {}, hex),
      el("small", {}, [role, share !== undefined && `${Math.round(share * 100)} %`].filter(Boolean).join(", ")));
  })));
}

function bars(measures) {
  if (!measures) return null;
  return el("dl.bars", {}, Object.entries(BARS).filter(([key]) => measures[key] >= 0).map(([key, title]) => {
    const bar = el("i", {});
    bar.style.width = `${Math.min(1, measures[key]) * 100}%`;
    return el("div", {}, el("dt", {}, title), el("dd", {}, el("span.bar", {}, bar), `${Math.round(measures[key] * 100)} %`));
  }));
}

function facts(result) {
  const rows = [["Composition", result.details?.composition], ["Flow", result.visual_flow], ["Tone", result.visual_tone], ["Spacing", result.spacing_strategy]];
  return el("dl.facts", {}, rows.filter(([, value]) => text(value)).map(([title, value]) =>
    el("div", {}, el("dt", {}, title), el("dd", {}, value))));
}

function advice(sentences) {
  return sentences.length > 0 && el("ul.advice", {}, sentences.map((sentence) => el("li", {}, text(sentence))));
}
