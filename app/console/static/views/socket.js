// A WebSocket that the user drives by hand, as bots and clients do.

import { call, session } from "../api.js";
import { button, clock, el, field, fill, wordsOf } from "../dom.js";
import { facts } from "../facts.js";
import { doing } from "../ui.js";

const isOpenToAll = facts.gateway === "open";

export function socketPanel(onchange) {
  const name = field("Name", "input", {
    value: isOpenToAll ? "my_bot" : session.user.id, readonly: !isOpenToAll, autocomplete: "off", required: true,
    hint: isOpenToAll ? "Any name that nobody holds at the moment." : "Here an account connects under its own id.",
  });
  const words = field("Your answer", "input", { autocomplete: "off" });
  const state = el("p.hint", { role: "status" }, "Not connected");
  const log = el("ol.talk", { "aria-label": "What arrived", "aria-live": "polite" });
  const connect = el("button.primary", { type: "submit" }, "Connect");
  const more = button("Send", () => answer(false));
  const last = button("Send as the last", () => answer(true));
  const answering = el("div.stack", { hidden: true }, words.box, el("div.actions", {}, more, last));
  let socket = null;
  let question = null; // the correlation id of the last question that awaits an answer

  const write = (who, text, kind = "") => {
    log.append(el(`li${kind && `.${kind}`}`, {}, el("small", {}, `${who} · ${clock(Date.now())}`), el("p", {}, text)));
    log.scrollTop = log.scrollHeight;
  };
  const answer = (isFinal) => {
    const frame = { correlation_id: question, user_id: name.control.value, message: words.control.value };
    socket.send(JSON.stringify(isFinal ? { ...frame, is_final: true } : frame));
    write("You", words.control.value, "mine");
    words.control.value = "";
    if (isFinal) answering.hidden = true;
  };
  const received = ({ data }) => {
    const frame = JSON.parse(data);
    write(frame.original_sender?.user_id ?? "Hub", wordsOf(frame));
    question = frame.correlation_id ?? question;
    answering.hidden = !question;
  };
  const ended = ({ code, reason }) => {
    socket = null;
    answering.hidden = true;
    fill(connect, "Connect");
    fill(state, `Closed: ${reason || `code ${code}`}`);
    onchange();
  };
  const toggle = doing(async () => {
    if (socket) {
      socket.close(1000, "Bye");
      return;
    }
    const opening = new WebSocket(await address(name.control.value));
    socket = opening;
    fill(state, "Connecting");
    opening.onopen = () => {
      fill(state, `Connected as ${name.control.value}. Ask it something.`);
      fill(connect, "Disconnect");
      onchange();
    };
    opening.onmessage = received;
    opening.onclose = ended;
  });

  const node = el("form.card", { onsubmit: toggle }, el("h2", {}, "Be a bot"), name.box, connect, state, answering, log);
  return { node, close: () => socket?.close() };
}

async function address(name) {
  const query = new URLSearchParams({ user_id: name });
  if (!isOpenToAll && facts.has_tickets) query.set("ticket", (await call("POST", "/api/stream-ticket")).ticket);
  else if (!isOpenToAll) query.set("token", session.token);
  return `${location.origin.replace(/^http/, "ws")}/ws?${query}`;
}
