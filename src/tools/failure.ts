/**
 * How a tool says that it did not do what was asked: a stable code, a sentence, whether trying again may help, and what to
 * call next.
 */
import { REFUSALS, type Rejection, type RefusalCode } from "../wire/refusals.ts";
import { quoted } from "./quote.ts";
import type { Answer, Next, ToolResult } from "./tool.ts";

export interface Failure {
  /** Upper case with underscores; stable. */
  readonly code: string;
  readonly message: string;
  /** Whether the caller can do something about it, by another call or later. */
  readonly recoverable: boolean;
  readonly next: readonly Next[];
}

/** An error result. `more` are the members that a tool's errors have besides the common ones. */
export function failed({ code, message, recoverable, next }: Failure, more: Readonly<Record<string, unknown>> = {}): Answer {
  return {
    structured: { status: "error", code, message, recoverable, ...more },
    lines: [`${code}: ${message}${/[.!?…"]$/.test(message) ? "" : "."}`],
    next,
    isError: true,
  };
}

const LOOK: Next = { tool: "who_is_working", arguments: {}, why: "see what stands" };
const BEGIN: Next = { tool: "begin_task", why: "announce what you change" };
const AGAIN: Next = { why: "make the same call again" };

/** What to do about each refusal when the tool itself knows nothing better. */
const ADVICE = {
  "message/malformed": [{ why: "correct the arguments" }],
  "message/unsupported": [{ why: "update the sidecar: signalbox stop, then call again" }],
  "message/replayed": [{ why: "set the clock of this machine, then make the same call again" }],
  "credential/rejected": [{ why: "ask the person who runs the session for a token" }],
  "peer/other-user": [{ why: "start the client as the user that started the sidecar" }],
  "session/not-joined": [AGAIN],
  "session/other-sender": [{ why: "restart this MCP server" }],
  "session/profile-unsupported": [{ why: "ask the person who runs the session" }],
  "session/closed": [{ why: "ask the person who runs the session for a new one" }],
  "principal/no-authority": [LOOK],
  "principal/unknown": [LOOK],
  "backend/switch-denied": [{ why: "ask the person who runs the session" }],
  "principal/name-taken": [AGAIN],
  "principal/other-credential": [{ why: "set MPAC_PRINCIPAL_ID to a name of your own" }],
  "principal/no-role": [{ why: "ask the person who runs the session for a role" }],
  "scope/frozen": [{ why: "work elsewhere: a later result says when this is free" }, LOOK],
  "scope/refused": [{ why: "name files inside the repository" }],
  "intent/held": [LOOK],
  "intent/backoff": [AGAIN],
  "intent/not-suspended": [LOOK],
  "intent/unknown": [LOOK, BEGIN],
  "intent/ended": [BEGIN],
  "intent/not-owner": [LOOK],
  "intent/suspended": [AGAIN],
  "intent/fence-passed": [AGAIN],
  "claim/unknown": [LOOK],
  "claim/taken": [LOOK],
  "claim/not-pending": [LOOK],
  "conflict/unknown": [LOOK],
  "conflict/ended": [LOOK],
  "conflict/resolved": [LOOK],
  "conflict/escalated": [LOOK],
  "conflict/unrelated": [LOOK],
  "conflict/not-party": [LOOK],
  "operation/unknown": [LOOK],
  "operation/not-committed": [LOOK],
  "operation/not-proposed": [LOOK],
  "operation/not-authorized": [LOOK],
  "operation/intent-needed": [BEGIN],
  "operation/too-many": [LOOK],
  "operation/not-owner": [LOOK],
  "operation/stale": [{ tool: "get_file_state", why: "read what it says now" }],
  "lane/held": [AGAIN],
  "lane/not-held": [{ tool: "claim_lane", why: "claim it again" }],
  "lane/no-place": [{ tool: "claim_lane", why: "without the ticket" }],
  "lane/too-many": [AGAIN],
  "board/no-message": [{ tool: "get_bus_status", why: "see which flags are pending" }],
  "board/not-flagged": [{ tool: "get_bus_status", why: "see which flags are pending" }],
  "mail/name-claimed": [{ why: "take another name" }],
  "mail/not-registered": [AGAIN],
  "mail/malformed": [{ why: "correct the arguments" }],
  "mail/other-sender": [{ why: "send under your own name" }],
  "mail/unknown-peer": [{ tool: "bus_peers", why: "see who is there" }],
  "mail/too-large": [{ why: "send less at once" }],
  "mcp/too-many-sessions": [AGAIN],
  "mcp/too-many-subscriptions": [{ why: "unsubscribe from a resource that you need no longer" }],
  "mcp/unknown-session": [{ why: "send a new initialize" }],
  "id/taken": [{ why: "use a new id" }],
  "request/other-content": [{ why: "use a new client_request_id" }],
  "store/unavailable": [{ why: "run `signalbox doctor`, then make the same call again" }],
  "store/contended": [AGAIN],
} as const satisfies Record<RefusalCode, readonly Next[]>;

/** Most characters of a refusal's sentence: it may quote what others wrote. */
const SENTENCE_CHARACTERS = 600;

/** The code as results show it: `intent/held` is `INTENT_HELD`. */
export function codeOf(refusal: RefusalCode): string {
  return refusal.toUpperCase().replaceAll(/[^A-Z]/g, "_");
}

/** The coordinator's refusal as an error result. */
export function refused(rejection: Rejection, { next, ...more }: { next?: readonly Next[]; [member: string]: unknown } = {}): Answer {
  const { code } = rejection;
  const advice: readonly Next[] = ADVICE[code];
  const again = advice.includes(AGAIN) || REFUSALS[code].retryable;
  const message = quoted(rejection.message, SENTENCE_CHARACTERS).slice(1, -1);
  return failed(
    { code: codeOf(code), message, recoverable: again || advice.some((step) => step.tool !== undefined), next: next ?? advice },
    more,
  );
}

/** What a call is told that no tool was asked to carry out, in the form of every error result. */
export function turnedAway(code: string, message: string, why: string): ToolResult {
  return {
    structured: { status: "error", code, message, recoverable: true, next: [{ why }] },
    text: `${code}: ${message}.\nNext: ${why}.`,
    isError: true,
  };
}
