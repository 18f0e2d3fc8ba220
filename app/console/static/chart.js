// Charts: lines over time as SVG, and bars.

import { el, fill, svg } from "./dom.js";

const WIDTH = 300;
const HEIGHT = 80;
const MOST = 90; // samples kept
const LEAST = 15; // samples that fill the width: the first ones do not fill it

// A figure with its newest value. `add(value)` draws one more; null is a gap.
export function lineChart(title, show) {
  const values = [];
  const now = el("strong", {}, "–");
  const top = el("small", { "aria-hidden": "true" });
  const area = svg("path.area");
  const line = svg("path.line");
  const picture = svg("svg.chart", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" }, area, line);
  const node = el("figure.card.figure", {}, el("figcaption", {}, title), now, top, picture);

  node.add = (value) => {
    values.push(value);
    if (values.length > MOST) values.shift();
    const known = values.filter((each) => each !== null);
    const most = scale(Math.max(0, ...known));
    const step = WIDTH / (Math.max(LEAST, values.length) - 1);
    const points = values.map((each, index) => each === null ? null
      : [WIDTH - (values.length - 1 - index) * step, HEIGHT - 1 - (each / most) * (HEIGHT - 4)]);
    const path = points.map((point, index) =>
      point && `${points[index - 1] ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}`).filter(Boolean).join("");
    line.setAttribute("d", path);
    const drawn = points.filter(Boolean);
    area.setAttribute("d", drawn.length > 1 ? `${path.replaceAll("M", "L").replace("L", "M")}L${drawn.at(-1)[0]} ${HEIGHT}L${drawn[0][0]} ${HEIGHT}Z` : "");
    const text = value === null ? "–" : show(value);
    fill(now, text);
    fill(top, `up to ${show(most)}`);
    picture.setAttribute("aria-label", `${title}: ${text} now, at most ${show(Math.max(0, ...known))} lately`);
  };
  return node;
}

// The next round number: with it the scale does not change with each sample.
function scale(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

// Counts by name, the largest first. `names` are labels for some of the names.
export function barChart(counts, names = {}) {
  const rows = Object.entries(counts).filter(([, count]) => count > 0).sort((one, other) => other[1] - one[1]);
  const most = rows[0]?.[1] ?? 1;
  if (!rows.length) return el("p.hint", {}, "None so far.");
  return el("dl.bars", {}, rows.map(([name, count]) => {
    const bar = el("i", {});
    bar.style.width = `${(count / most) * 100}%`;
    return el("div", {}, el("dt", {}, names[name] ?? name.replaceAll("_", " ")), el("dd", {}, el("span.bar", {}, bar), count.toLocaleString()));
  }));
}
