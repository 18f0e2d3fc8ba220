// Signing in; registering where the hub allows it. Where there is a demo, one click signs in a user of it.

import { register, signIn } from "../api.js";
import { button, el, field, fill } from "../dom.js";
import { facts } from "../facts.js";

export function signInView(app, problem, enter) {
  let isNew = false;
  const complaint = el("p.problem", { role: "alert" }, problem);

  const attempt = async (action) => {
    fill(complaint);
    app.classList.add("busy");
    try {
      await action();
      enter();
    } catch (error) {
      const isWrong = error.status === 401;
      fill(complaint, isWrong ? "Name or password is wrong." : error.message);
    } finally {
      app.classList.remove("busy");
    }
  };

  const draw = () => {
    const name = field(isNew ? "Name" : "Name or e-mail", "input", { autocomplete: "username", required: true });
    const email = field("E-mail", "input", { type: "email", autocomplete: "email", required: true });
    const kind = isNew ? "new-password" : "current-password";
    const password = field("Password", "input", { type: "password", autocomplete: kind, required: true });
    const value = ({ control }) => control.value;
    const submit = (event) => {
      event.preventDefault();
      attempt(() => isNew
        ? register(value(name), value(email), value(password))
        : signIn(value(name), value(password)));
    };
    const other = isNew ? "I have an account" : "Create an account";
    fill(app, el("main.signin", { id: "main" },
      el("div.hello", {},
        el("img", { src: "/console/icon.svg", alt: "", width: 44, height: 44 }),
        el("h1", {}, isNew ? "Create an account" : "Sign in to the hub"),
        el("p", {}, "See at once what the others do.")),
      el("form.card", { onsubmit: submit },
        name.box, isNew && email.box, password.box, complaint,
        el("button.primary", { type: "submit" }, isNew ? "Create account" : "Sign in"),
        facts.can_register && button(other, () => { isNew = !isNew; fill(complaint); draw(); }, "quiet")),
      facts.demo.length > 0 && !isNew && demo(attempt)));
    name.control.focus();
  };
  draw();
}

function demo(attempt) {
  const users = facts.demo.map(({ name, password, is_operator: isOperator }) =>
    button([name, isOperator && el("small", {}, "operator")], () => attempt(() => signIn(name, password)), "person"));
  return el("section.demo", { "aria-label": "Demo users" },
    el("p.hint", {}, "Only looking around? Come in as"), el("div.people", {}, users));
}
