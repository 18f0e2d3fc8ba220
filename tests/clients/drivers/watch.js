// Whatever has the interface of an EventSource: what it sees.
const NAMES = ["message", "stream.resumed", "stream.reset", "stream.closed", "concept-update"];

export function watch(source, say) {
  for (const name of NAMES) {
    source.addEventListener(name, ({ data, lastEventId }) => say({ saw: "event", name, data, id: lastEventId }));
  }
  source.addEventListener("open", () => say({ saw: "open" }));
  source.addEventListener("error", () => say({ saw: source.readyState === 2 ? "over" : "lost" }));
}
