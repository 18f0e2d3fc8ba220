// The comments on a file, with the replies below each.

import { call, session } from "../api.js";
import { button, el, field, fill, plural } from "../dom.js";
import { nameOf } from "../rights.js";
import { ask, confirm, doing } from "../ui.js";

export function commentsPanel(here, fileUuid) {
  const path = `/files/${fileUuid}/comments`;
  const title = el("h2", {}, "Comments");
  const list = el("ul.comments", {});
  const words = field("New comment", "textarea", { rows: 2, maxlength: 10000, required: true });
  const submit = doing(async () => {
    await call("POST", path, { json: { content: words.control.value } });
    words.control.value = "";
    await load();
  });
  const form = el("form", { onsubmit: submit }, words.box, el("button", { type: "submit" }, "Comment"));
  const node = el("section.card", {}, title, list, here.can("COMMENT") && form);

  const reply = (comment) => ask("Reply", [["Your reply", "content", { kind: "textarea", rows: 3, required: true }]],
    "Reply", (values) => call("POST", `${path}/${comment.comment_uuid}`, { json: values }));
  const edit = (comment) => ask("Edit comment", [["Comment", "content", { kind: "textarea", rows: 3, value: comment.content, required: true }]],
    "Save", (values) => call("PUT", `${path}/${comment.comment_uuid}`, { json: values }));
  const remove = async (comment) => {
    if (await confirm("Delete this comment?", "Replies to it go too.", "Delete")) {
      await call("DELETE", `${path}/${comment.comment_uuid}`);
    }
  };

  const entry = (comment, all) => {
    const isMine = comment.author_uuid === session.user.id;
    const replies = all.filter((each) => each.parent_uuid === comment.comment_uuid);
    return el("li", {},
      el("div.said", {}, el("strong", {}, nameOf(here.members, comment.author_uuid)), el("p", {}, comment.content)),
      el("div.actions", {},
        here.can("COMMENT") && button("Reply", () => reply(comment), "link"),
        isMine && here.can("COMMENT") && button("Edit", () => edit(comment), "link"),
        (isMine && here.can("COMMENT") || here.can("ADMIN")) && button("Delete", doing(() => remove(comment)), "link")),
      replies.length > 0 && el("ul", {}, replies.map((each) => entry(each, all))));
  };

  async function load() {
    const { comments } = await call("GET", path);
    fill(title, comments.length ? plural(comments.length, "comment") : "Comments");
    fill(list, comments.filter((each) => !each.parent_uuid).map((each) => entry(each, comments)));
    if (!comments.length) fill(list, el("li.hint", {}, "Nothing was said yet."));
  }

  return { node, load };
}
