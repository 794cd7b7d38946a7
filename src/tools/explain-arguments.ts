/** What is wrong with the arguments of a call, by name and place, and which ones there are. */
import type * as z from "zod";
import { failed } from "./failure.ts";
import { quoted } from "./quote.ts";
import type { Answer, Tool } from "./tool.ts";

/** Most mistakes that one answer lists. */
const LISTED = 5;

export function explainArguments(tool: Tool, error: z.ZodError): Answer {
  const known = Object.keys(tool.input.shape).join(", ");
  const { issues } = error;
  const shown = issues.slice(0, LISTED).map(mistake);
  const more = issues.length > LISTED ? [`and ${issues.length - LISTED} more`] : [];
  return failed({
    code: "INVALID_ARGUMENTS",
    message: `${[...shown, ...more].join("; ")}. ${tool.name} takes: ${known}.`,
    recoverable: true,
    next: [{ tool: tool.name, why: "with these arguments corrected; nothing was done" }],
  });
}

function mistake(issue: z.core.$ZodIssue): string {
  const place = placeOf(issue.path);
  if (issue.code === "unrecognized_keys") {
    const names = issue.keys.slice(0, LISTED).map((key) => quoted(key, 64));
    return `unknown argument ${names.join(", ")}${place === "" ? "" : ` in ${place}`}`;
  }
  const absent = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  if (absent) return `${place} is missing`;
  return `${place === "" ? "the arguments" : place}: ${issue.message.replace(/^Invalid (input|option): /, "")}`;
}

/** `files[2]` */
function placeOf(path: readonly PropertyKey[]): string {
  return path.map((part, depth) => (typeof part === "number" ? `[${part}]` : depth === 0 ? String(part) : `.${String(part)}`)).join("");
}
