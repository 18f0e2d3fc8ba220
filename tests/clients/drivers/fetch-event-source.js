// npm @microsoft/fetch-event-source in a browser; it comes back as its README shows: onclose and onerror say so.
import { EventStreamContentType, fetchEventSource } from "@microsoft/fetch-event-source";

class Refused extends Error {}

export function run({ url, token, cursor }, say) {
  const headers = { Authorization: `Bearer ${token}` };
  if (cursor) headers["last-event-id"] = cursor;
  fetchEventSource(url, {
    headers,
    openWhenHidden: true,
    async onopen(response) {
      const isStream = response.headers.get("content-type")?.startsWith(EventStreamContentType);
      if (response.status !== 200 || !isStream) throw new Refused(response.status);
      say({ saw: "open" });
    },
    onmessage: ({ event, data, id }) => say({ saw: "event", name: event || "message", data, id }),
    onclose() {
      throw new Error("closed");
    },
    onerror(error) {
      if (error instanceof Refused) throw error;
      say({ saw: "lost" });
    },
  }).catch(() => say({ saw: "over" }));
}
