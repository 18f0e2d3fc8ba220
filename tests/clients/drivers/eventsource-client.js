// npm eventsource-client, with the token in a header.
import { createEventSource } from "eventsource-client";
import { asked, say } from "./node.js";

const { url, token, cursor } = asked();
const source = createEventSource({
  url,
  headers: { Authorization: `Bearer ${token}` },
  initialLastEventId: cursor || undefined,
  onConnect: () => say({ saw: "open" }),
  onMessage: ({ event, data, id }) => say({ saw: "event", name: event ?? "message", data, id: id ?? "" }),
  onScheduleReconnect: () => say({ saw: "lost" }),
  onDisconnect: () => setImmediate(() => source.readyState === "closed" && say({ saw: "over" })),
});
