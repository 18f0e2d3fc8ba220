// npm eventsource, with the token in a header.
import { EventSource } from "eventsource";
import { asked, say } from "./node.js";
import { watch } from "./watch.js";

const { url, token, cursor } = asked();
const withToken = (address, init) =>
  fetch(address, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } });
watch(new EventSource(cursor ? `${url}?lastEventId=${cursor}` : url, { fetch: withToken }), say);
