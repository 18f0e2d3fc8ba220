// The four rights, each of which includes the one before it, and the names of members.

import { session } from "./api.js";

export const LEVELS = ["READ", "COMMENT", "WRITE", "ADMIN"];

export function isAtLeast(rights, level) {
  return LEVELS.indexOf(rights) >= LEVELS.indexOf(level);
}

export function nameOf(members, uuid) {
  if (uuid === session.user?.id) return "You";
  return members.find((member) => member.uuid === uuid)?.name ?? "Somebody who left";
}
