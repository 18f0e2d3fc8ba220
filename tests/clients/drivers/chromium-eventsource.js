// The EventSource of the browser itself, which can't send headers.
import { watch } from "./watch.js";

export function run({ url, token, cursor }, say) {
  const address = new URL(url);
  address.searchParams.set("token", token);
  if (cursor) address.searchParams.set("lastEventId", cursor);
  watch(new EventSource(address), say);
}
