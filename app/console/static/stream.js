// An EventSource that reconnects by itself. The browser's own reconnect would use the same URL again, but a ticket
// is good for one connection: each connection takes a new ticket and passes the cursor.

import { call, session } from "./api.js";
import { facts } from "./facts.js";

const FINAL = {
  deleted: "It was deleted",
  rights_revoked: "Your access was taken away",
  logged_out: "You signed out",
};
const CONTROL = ["stream.resumed", "stream.reset", "stream.closed"];
const HIDDEN_MS = 60_000; // browsers allow six connections per origin over HTTP/1.1: hidden tabs close their streams
const LONGEST_MS = 15_000;

// options: {names: [further event names], token: instead of the session's, query: {…}, cursor,
//           onevent({name, id, data, time}), onstate({state, text, seconds})}
// States: connecting, open, waiting, paused, ended.
export class Stream {
  constructor(path, options) {
    Object.assign(this, { path, options, cursor: options.cursor ?? "", attempts: 0, state: "connecting" });
    this.onvisibility = () => this.#visibility();
    document.addEventListener("visibilitychange", this.onvisibility);
    this.#open();
  }

  // Ends the connection as a lost network would; `resume` connects again.
  pause() {
    this.#drop();
    this.#report("paused", "Disconnected");
  }

  resume() {
    if (this.state === "paused" || this.state === "waiting") this.#open();
  }

  close() {
    this.#drop();
    this.state = "ended";
    clearTimeout(this.hiding);
    document.removeEventListener("visibilitychange", this.onvisibility);
  }

  #drop() {
    this.source?.close();
    this.source = null;
    clearTimeout(this.timer);
    this.turn = (this.turn ?? 0) + 1;
  }

  #report(state, text, seconds = 0) {
    this.state = state;
    this.options.onstate?.({ state, text, seconds });
  }

  async #open() {
    this.#drop();
    const turn = this.turn;
    this.#report("connecting", "Connecting");
    try {
      const url = await this.#address();
      if (turn === this.turn) this.#listen(new EventSource(url));
    } catch (error) {
      if (turn === this.turn) this.#failed(error);
    }
  }

  async #address() {
    const token = this.options.token ?? session.token;
    const query = new URLSearchParams(this.options.query ?? {});
    if (this.cursor) query.set("lastEventId", this.cursor);
    if (!token) return `${this.path}?${query}`;
    if (facts.has_tickets) {
      query.set("ticket", (await call("POST", "/api/stream-ticket", { token: this.options.token })).ticket);
    } else {
      query.set("token", token);
    }
    return `${this.path}?${query}`;
  }

  #listen(source) {
    this.source = source;
    let wasOpen = false;
    source.onopen = () => {
      wasOpen = true;
      this.#report("open", "Live");
    };
    source.onerror = () => this.#lost(wasOpen);
    for (const name of ["message", ...CONTROL, ...(this.options.names ?? [])]) {
      source.addEventListener(name, (event) => this.#received(event));
    }
  }

  #received(event) {
    if (event.lastEventId) this.cursor = event.lastEventId;
    this.attempts = 0;
    this.options.onevent?.({ name: event.type, id: event.lastEventId, data: event.data, time: Date.now() });
    if (event.type === "stream.closed") this.#closed(JSON.parse(event.data).reason);
  }

  #closed(reason) {
    this.#drop();
    if (FINAL[reason]) this.#report("ended", FINAL[reason]);
    else this.#wait(reason === "overloaded" ? 10_000 + 10_000 * Math.random() : 500 + 1000 * Math.random());
  }

  // An EventSource does not tell why it failed; the answer to a HEAD request does.
  async #lost(wasOpen) {
    this.#drop();
    const turn = this.turn;
    if (wasOpen) {
      this.#wait();
      return;
    }
    try {
      await call("HEAD", this.path, { token: this.options.token });
      if (turn === this.turn) this.#wait();
    } catch (error) {
      if (turn === this.turn) this.#failed(error);
    }
  }

  #failed(error) {
    const isFinal = error.status >= 400 && error.status < 500 && error.status !== 429;
    if (isFinal) this.#report("ended", error.message);
    else this.#wait(error.wait * 1000);
  }

  #wait(least = 0) {
    const backoff = Math.min(LONGEST_MS, 500 * 2 ** this.attempts++) * (0.75 + Math.random() / 2);
    const wait = Math.max(least, backoff);
    this.#report("waiting", "Reconnecting", Math.round(wait / 1000));
    this.timer = setTimeout(() => this.#open(), wait);
  }

  #visibility() {
    clearTimeout(this.hiding);
    if (document.hidden && this.source) {
      this.hiding = setTimeout(() => {
        this.pause();
        this.isHidden = true;
      }, HIDDEN_MS);
    } else if (!document.hidden && (this.isHidden || this.state === "waiting")) {
      this.isHidden = false;
      this.resume();
    }
  }
}
