// The frame around the views: the menu, the signed-in user, and the view that the address names.

import { restore, session, signOut } from "./api.js";
import { button, el, fill } from "./dom.js";
import { facts } from "./facts.js";
import { listen, shortcuts, showShortcuts, viewShortcuts } from "./keys.js";
import { applyTheme, nextTheme } from "./theme.js";
import { copyable, doing, say, tell } from "./ui.js";
import { signInView } from "./views/signin.js";
import { views } from "./views/all.js";

const app = document.getElementById("app");
let leave = () => {};
let main, links;

const ANYWHERE = [["t", "another theme", () => say(nextTheme())], ["?", "this list", showShortcuts]];

const offered = () =>
  views.filter((view) => facts.views.includes(view.name) && (!view.isForOperators || session.isOperator));

function frame() {
  links = offered().map((view, index) =>
    el("a", { href: `#/${view.name}`, "data-view": view.name },
      view.icon(), el("span", {}, view.title), el("kbd", { "aria-hidden": "true" }, index + 1)));
  const theme = button(applyTheme(), () => fill(theme, nextTheme()), "quiet");
  main = el("main", { id: "main", tabindex: "-1" });
  const who = button(session.user.name, showAccount, "quiet.who", { title: "Your account" });
  fill(app, el("div.frame", {},
    el("header.side", {},
      el("a.brand", { href: "#/" }, el("img", { src: "/console/icon.svg", alt: "", width: 24, height: 24 }), "Hub"),
      el("nav", { "aria-label": "Views" }, links),
      el("div.foot", {}, who, theme, facts.has_docs && el("a.quiet.wide", { href: "/docs" }, "API"),
        button("Keyboard", showShortcuts, "quiet.wide"), button("Sign out", leaveSession, "quiet"))),
    main));
  shortcuts([...links.map((link, index) => [String(index + 1), offered()[index].title, () => visit(link)]), ...ANYWHERE]);
}

// By key, as by Tab and Enter from the top: what comes next is in the view.
function visit(link) {
  link.click();
  main.focus({ preventScroll: true });
}

function showAccount() {
  tell("Your account",
    el("dl.facts", {},
      el("div", {}, el("dt", {}, "Name"), el("dd", {}, session.user.name)),
      el("div", {}, el("dt", {}, "E-mail"), el("dd", {}, session.user.email)),
      el("div", {}, el("dt", {}, "Id"), el("dd", {}, copyable(session.user.id, "Id"))),
      el("div", {}, el("dt", {}, "Role"), el("dd", {}, session.isOperator ? "Operator" : "User"))),
    el("p.hint", {}, "Others add you to a constellation by your id."));
}

const leaveSession = doing(async () => {
  leave();
  leave = () => {};
  await signOut();
  showSignIn();
});

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function show() {
  if (!session.user) return;
  const [, name, ...rest] = location.hash.split("/").map(decoded);
  const view = offered().find((each) => each.name === name) ?? offered()[0];
  leave();
  viewShortcuts([]);
  for (const link of links) {
    if (link.dataset.view === view.name) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "center" });
    } else {
      link.removeAttribute("aria-current");
    }
  }
  document.title = `${view.title} · Hub`;
  const place = el("div.view", {});
  fill(main, place);
  if (document.activeElement === document.body) main.focus({ preventScroll: true }); // the link that led here was removed
  leave = view.show(place, rest.filter(Boolean)) ?? (() => {});
}

function showSignIn(problem = "") {
  leave();
  leave = () => {};
  document.title = "Sign in · Hub";
  viewShortcuts([]);
  shortcuts(ANYWHERE);
  signInView(app, problem, enter);
}

function enter() {
  frame();
  show();
  main.focus({ preventScroll: true });
}

async function begin() {
  applyTheme();
  listen();
  session.onlost = () => showSignIn("Your session ended. Please sign in again.");
  addEventListener("hashchange", show);
  try {
    if (await restore()) enter();
    else showSignIn();
  } catch (error) {
    showSignIn(error.message);
  }
}

begin();
