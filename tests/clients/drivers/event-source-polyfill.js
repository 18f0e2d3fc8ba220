// npm event-source-polyfill in a browser, with the token in a header.
import "event-source-polyfill";
import { watch } from "./watch.js";

export function run({ url, token, cursor }, say) {
  const address = cursor ? `${url}?lastEventId=${cursor}` : url;
  watch(new EventSourcePolyfill(address, { headers: { Authorization: `Bearer ${token}` } }), say);
}
