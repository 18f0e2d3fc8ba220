// Both sides of the gateway on one page: bots over WebSocket, and the people who ask them over HTTP.

import { call, session } from "../api.js";
import { button, el, field, fill, plural, wordsOf } from "../dom.js";
import { facts } from "../facts.js";
import { events } from "../sse.js";
import { doing } from "../ui.js";
import { socketPanel } from "./socket.js";

const LOOK_MS = 5000;

export function gatewayView(place) {
  const connected = el("p.lead", { role: "status" });
  const names = el("datalist", { id: "bots" }, ["echo_bot", "ci_bot", "email_bot", "notification_bot", "system_bot"].map(option));
  const service = serviceClient();
  const socket = socketPanel(() => look());
  const look = () => count(connected, names).catch(() => {});
  const timer = setInterval(() => !document.hidden && look(), LOOK_MS);
  look();
  fill(place,
    el("header.head", {}, el("div", {}, el("h1", {}, "Gateway"), connected)),
    facts.gateway === "token" && service.node,
    el("div.halves", {}, askPanel(service), socket.node), names);
  return () => {
    clearInterval(timer);
    socket.close();
  };
}

function option(value) {
  return el("option", { value });
}

// The number of connections; operators also see the names.
async function count(text, names) {
  if (session.isOperator && facts.views.includes("operations")) {
    const { connections, total } = await call("GET", "/api/ops/connections?per_page=50");
    const shown = connections.map(({ name }) => name);
    fill(names, [...new Set([...shown, "echo_bot"])].map(option));
    fill(text, total ? `${plural(total, "connection")}: ${shown.join(", ")}` : "Nobody is connected.");
  } else {
    const { connections } = await call("GET", "/health");
    fill(text, connections ? `${plural(connections, "connection")} at the moment.` : "Nobody is connected.");
  }
}

// With GATEWAY_AUTH=token only back ends may POST. A user who has the id and secret of a client may act as one here.
function serviceClient() {
  const id = field("Client id", "input", { autocomplete: "off", required: true });
  const secret = field("Client secret", "input", { type: "password", autocomplete: "off", required: true });
  const state = el("p.hint", { role: "status" }, "This hub lets only back ends ask and push. Give the id and the secret of one (they stay in this tab), or connect as yourself.");
  const self = { token: undefined };
  const enter = doing(async () => {
    const json = { client_id: id.control.value, client_secret: secret.control.value };
    self.token = (await call("POST", "/api/auth/token", { json })).access_token;
    setTimeout(() => enter(), 240_000); // the token expires after five minutes
    fill(state, "Signed in as this back end.");
  });
  self.node = el("form.card", { onsubmit: enter }, el("h2", {}, "Back end"), state,
    el("div.fields", {}, id.box, secret.box), el("button", { type: "submit" }, "Use it"));
  return self;
}

function askPanel(service) {
  const bot = field("To", "input", { value: "echo_bot", list: "bots", autocomplete: "off", required: true });
  const text = field("Message", "textarea", { rows: 3, required: true, value: "Hello",
    hint: "A mention, such as @ci_bot, sends it to that bot instead." });
  const log = el("ol.talk", { "aria-label": "Conversation", "aria-live": "polite" });
  let leaving = null;

  const write = (who, words, kind = "") => {
    const line = el(`li${kind && `.${kind}`}`, {}, el("small", {}, who), el("p", {}, words));
    log.append(line);
    log.scrollTop = log.scrollHeight;
  };
  const envelope = () => ({ user_id: bot.control.value, data: { message: text.control.value }, timestamp: Date.now() / 1000 });

  const push = doing(async () => {
    write("You", text.control.value, "mine");
    const answer = await call("POST", "/sse/push", { json: envelope(), token: service.token });
    write("Hub", explained(answer.message), answer.status === "success" ? "good" : "warn");
  });
  const ask = doing(async () => {
    write("You", text.control.value, "mine");
    leaving = new AbortController();
    stop.hidden = false;
    try {
      const options = { json: envelope(), token: service.token, signal: leaving.signal, raw: true };
      const response = await call("POST", "/sse/send", options);
      for await (const { data } of events(response, leaving.signal)) hear(JSON.parse(data), bot.control.value, write);
    } finally {
      stop.hidden = true;
    }
  });
  const stop = button("Stop listening", () => leaving?.abort(), "", { hidden: true });

  return el("form.card", { onsubmit: ask }, el("h2", {}, "Ask a bot"), bot.box, text.box,
    el("div.actions", {}, el("button.primary", { type: "submit" }, "Ask"), button("Only send", push), stop), log);
}

// The hub's message, and what to do about it.
function explained(message) {
  const hint = "Be it yourself with “Be a bot”; “make bot” starts echo_bot.";
  return message === "User not connected" ? `${message}. ${hint}` : message;
}

function hear(frame, name, write) {
  if (frame.error) write("Hub", explained(frame.error), "warn");
  else write(frame.user_id ?? name, wordsOf(frame), frame.is_final ? "last" : "");
}
