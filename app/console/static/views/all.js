// The views in the order of the menu. Each has a `show(place, rest of the address)`, which may answer how to
// leave; what the hub lacks is not shown.

import { icon } from "../icons.js";
import { constellationsView } from "./constellations.js";
import { inspectorView } from "./inspector.js";

export const views = [
  { name: "constellations", title: "Constellations", show: constellationsView },
  { name: "inspector", title: "Streams", show: inspectorView },
].map((view) => ({ ...view, icon: () => icon(view.name) }));
