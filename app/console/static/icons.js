// Line icons on a grid of 20, drawn with the colour of the text around them.

import { svg } from "./dom.js";

const PATHS = {
  constellations: "M10 10 4.500 5.500M10 10l6-3.500M10 10l-3.500 6M10 10l5 4.500M10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z",
  inspector: "M2 10h3.500L8 4l4 12 2.500-6H18",
  gateway: "M3 5.500h14v8H9.500L6 16.500v-3H3Z",
  inbox: "M3 11.500 5 4h10l2 7.500V16H3Zm0 0h4l1 2h4l1-2h4",
  concepts: "M3 4h14v12H3Zm0 9.500 4-4 3.500 3.500 2.500-2 4 3.500M12.500 7.500h.01",
  operations: "M3 17V9.500M8 17V4M13 17v-6M18 17V7",
  folder: "M2.500 5h5l1.500 2h8.500v9h-15Z",
  file: "M5 2.500h6.500l3.500 3.500v11.500H5ZM11.500 2.500V6H15",
  chevron: "m7 5 5 5-5 5",
};

export function icon(name) {
  return svg("svg.icon", { viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}
