/** What can go wrong, by the codes that programs see. */
import { codeOf } from "../../../tools/failure.ts";
import { REFUSALS, type RefusalCode } from "../../../wire/refusals.ts";
import { type Block, heading, paragraph, table } from "./blocks.ts";

/** Codes of tools beside those of the coordinator's refusals. */
export const TOOL_CODES: Readonly<Record<string, string>> = {
  INVALID_ARGUMENTS: "The arguments are not what the tool takes; the sentence names the first that is wrong.",
  INVALID_ANSWER: "What the person at the host answered cannot be used.",
  CANCELLED: "The call was cancelled, or the person at the host said no.",
  SCOPE_REFUSED: "A path means nothing in this repository.",
  TARGET_REFUSED: "The file may not be read or written here.",
  TARGET_MISSING: "There is no such file to delete.",
  OUT_OF_SCOPE: "The file is not one of the task's.",
  CONTENT_LOST: "Somebody changed or removed the waiting content; the file is as it was.",
  WRITE_FAILED: "The system refused to write; the file is as it was.",
  QUERY_REFUSED: "A question was refused; nothing was done.",
  MAIL_TOO_LARGE: "The message is larger than the bus takes; nothing was sent.",
  PEERS_UNAVAILABLE: "The peers' mail cannot be used now.",
  SIDECAR_UNAVAILABLE: "The coordinator is not reached; nothing was done.",
  OUTCOME_UNKNOWN: "The connection broke before the answer; the same call again does nothing twice.",
  INTERNAL_ERROR: "A fault of ours; the log says why.",
};

const HTTP: readonly (readonly [string, string, string])[] = [
  ["400", "-32700, -32600, -32602, -32000", "No JSON, no JSON-RPC, an unknown protocol version, a profile or tool that there is not."],
  [
    "401",
    "-32001",
    "A credential is missing or not known, or a single call in an MCP session changes something without one; `WWW-Authenticate` says what is taken.",
  ],
  ["403", "-32600", "The credential is not for this session, or the page or host may not come here."],
  ["404", "-32001, -32600", "The `Mcp-Session-Id` is not known (send `initialize` again), or there is no such coordination session."],
  ["404", "-32601", "In `2026-07-28`: an unknown method."],
  ["405", "-32000", "The method is not served here; `Allow` names those that are."],
  ["413, 415", "-32000", "The body is too long, or no `application/json`."],
  ["429, 503", "-32000", "Too much at once; `Retry-After` says when to come again."],
  [
    "200",
    "-32601, -32602, -32603",
    "An unknown method; an unknown tool, resource (before `2026-07-28` -32002) or prompt, a cursor, or arguments that do not fit; a fault of ours.",
  ],
];

export function errorBlocks(): Block[] {
  return [
    heading(2, "Errors"),
    paragraph(
      "What a caller can do something about is a tool's result with `isError: true`, a text that begins with the code, and `code`, `message`, `recoverable` and `next` in its structured content. Lanes and the blackboard answer `ok: false` with an `error` instead. Requests that are not understood or not let in are errors of HTTP and JSON-RPC:",
    ),
    table(["HTTP", "JSON-RPC", "what it means"], HTTP),
    heading(3, "Codes of tools"),
    table(
      ["code", "what it means"],
      Object.entries(TOOL_CODES).map(([name, words]) => [`\`${name}\``, words]),
    ),
    heading(3, "Codes of refusals"),
    paragraph(
      "The coordinator's, by what they are about. Those with a `*` may go well later as they are; the others want another call, which `next` names.",
    ),
    table(["about", "codes"], refusalRows()),
  ];
}

function refusalRows(): string[][] {
  const codes = Object.keys(REFUSALS) as RefusalCode[];
  const families = new Set(codes.map(familyOf));
  return [...families].map((family) => [
    family,
    codes
      .filter((code) => familyOf(code) === family)
      .map((code) => `\`${codeOf(code)}${REFUSALS[code].retryable ? "*" : ""}\``)
      .join(", "),
  ]);
}

const familyOf = (code: string): string => code.split("/")[0] ?? "";
