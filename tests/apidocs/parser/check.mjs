// Reads an AsyncAPI document from stdin; prints what the official parser finds, as JSON.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
const shown = diagnostics.map(({ severity, code, message, path }) => ({ severity, code, message, path: path.join(".") }));
console.log(JSON.stringify({ isValid: document !== undefined, diagnostics: shown }));
