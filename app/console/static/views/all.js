// The views in the order of the menu; those that the hub does not offer are left out. `show(place, rest of the
// address)` draws a view and may return a function that is called when the user leaves it.

import { icon } from "../icons.js";
import { conceptsView } from "./concepts.js";
import { constellationsView } from "./constellations.js";
import { gatewayView } from "./gateway.js";
import { inboxView } from "./inbox.js";
import { inspectorView } from "./inspector.js";
import { operationsView } from "./operations.js";

export const views = [
  { name: "constellations", title: "Constellations", show: constellationsView },
  { name: "inspector", title: "Streams", show: inspectorView },
  { name: "gateway", title: "Gateway", show: gatewayView },
  { name: "inbox", title: "Inbox", show: inboxView },
  { name: "concepts", title: "Concepts", show: conceptsView },
  { name: "operations", title: "Operations", show: operationsView, isForOperators: true },
].map((view) => ({ ...view, icon: () => icon(view.name) }));
