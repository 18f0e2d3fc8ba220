// What a program says goes out as lines of JSON; what it is told comes in as such.
import { createInterface } from "node:readline";

export const asked = () => JSON.parse(process.argv[2]);
export const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
export const told = (listen) =>
  createInterface({ input: process.stdin }).on("line", (line) => listen(JSON.parse(line)));
