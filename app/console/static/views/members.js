// The members of a constellation and their rights.

import { call, session } from "../api.js";
import { button, el, fill } from "../dom.js";
import { LEVELS } from "../rights.js";
import { ask, chip, confirm, doing, say } from "../ui.js";

export function membersPanel(here) {
  const list = el("ul.members", {});
  const head = el("div.row", {});
  const node = el("section.card", {}, head, list);
  const path = `/constellations/${here.uuid}`;

  const add = () => ask("Add a member", [
    ["Id of the account", "user_uuid", { required: true, placeholder: "00000000-0000-…", hint: "Everybody finds their own under their name, at the bottom of the menu." }],
    ["Rights", "rights", { kind: "select", choices: LEVELS }],
  ], "Add", (values) => call("POST", `${path}/connect`, { json: values }));
  const change = async (member, select) => {
    try {
      await call("POST", `${path}/connect`, { json: { user_uuid: member.uuid, rights: select.value } });
    } catch (error) {
      select.value = member.rights;
      say(error.message, "bad");
    }
  };
  const remove = async (member) => {
    const isMe = member.uuid === session.user.id;
    const question = isMe ? "Leave this constellation?" : `Remove ${member.name}?`;
    if (!await confirm(question, "Streams that are open end at once.", isMe ? "Leave" : "Remove")) return;
    await call("POST", `${path}/disconnect`, { json: { user_uuid: member.uuid } });
    if (isMe) location.hash = "#/constellations";
  };

  const entry = (member) => {
    const isMe = member.uuid === session.user.id;
    const select = el("select", { "aria-label": `Rights of ${member.name}`, onchange: () => change(member, select) },
      LEVELS.map((level) => el("option", { value: level, selected: level === member.rights }, level)));
    const isAdmin = here.can("ADMIN");
    return el("li", {},
      el("span.name", {}, member.name, isMe && el("small", {}, "you")),
      isAdmin ? select : chip(member.rights, member.rights.toLowerCase()),
      (isAdmin || isMe) && button(isMe ? "Leave" : "Remove", doing(() => remove(member)), "small"));
  };

  async function load() {
    here.members = await call("GET", `${path}/users`);
    fill(head, el("h2", {}, "Members"), here.can("ADMIN") && button("Add", add, "small"));
    fill(list, here.members.map(entry));
  }

  return { node, load };
}
