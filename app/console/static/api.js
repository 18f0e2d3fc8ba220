// Calls of the hub's documented API. The bearer token is kept in this module's memory only: the session is an
// HttpOnly cookie, and the page exchanges it for a token when it loads.

export class Refused extends Error {
  constructor(status, message, body = {}, wait = 0) {
    super(message);
    Object.assign(this, { status, body, wait });
  }
}

export const session = { user: null, isOperator: false, token: null, onlost: () => {} };

const SAYINGS = {
  0: "The hub can't be reached. Is it running?",
  403: "You are not allowed to do this.",
  404: "This is not there (any more).",
  413: "That is too large.",
  429: "Too many requests: wait a moment.",
  503: "The hub is short of something it needs. Try again in a moment.",
};

// options: {json, body, token (instead of the session's), headers, signal, raw}. Resolves to the parsed JSON, or to
// the Response with `raw`.
export async function call(method, path, options = {}) {
  const response = await send(method, path, options);
  if (response.ok) return options.raw ? response : read(response);
  if (response.status === 401 && !options.token && session.token) lose();
  throw await refusal(response);
}

async function send(method, path, { json, body, token = session.token, headers = {}, signal } = {}) {
  const sent = { ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  if (json !== undefined) sent["Content-Type"] = "application/json";
  const content = json === undefined ? body : JSON.stringify(json);
  try {
    return await fetch(path, { method, headers: sent, body: content, signal, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, SAYINGS[0]);
  }
}

async function read(response) {
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

async function refusal(response) {
  let body = {};
  try {
    body = await read(response) ?? {};
  } catch { /* an HTML page of a proxy: the status is all there is */ }
  const detail = Object.values(body.detail ?? {}).find((text) => typeof text === "string");
  const message = [body.error, detail].filter(Boolean).join(": ");
  const saying = message || SAYINGS[response.status] || `The hub answered ${response.status}.`;
  return new Refused(response.status, saying, body, Number(response.headers.get("Retry-After")) || 0);
}

function lose() {
  session.token = null;
  session.user = null;
  session.onlost();
}

// Resolves to the user of the cookie, or to null without one.
export async function restore() {
  const { user } = await call("GET", "/api/auth/me");
  return user ? takeToken() : null;
}

export async function signIn(name, password) {
  await call("POST", "/api/auth/login", { json: { email: name, password } });
  return takeToken();
}

export async function register(name, email, password) {
  await call("POST", "/api/auth/register", { json: { name, email, password } });
  return takeToken();
}

export async function signOut() {
  await call("POST", "/api/auth/logout");
  session.token = session.user = null;
}

async function takeToken() {
  const answer = await call("POST", "/console/token");
  session.token = answer.access_token;
  session.isOperator = answer.is_operator;
  session.user = answer.user;
  return session.user;
}
