/** What `submit_change` answers, in the members that its callers know. */
import type { Rejection } from "../wire/refusals.ts";
import { codeOf, failed } from "./failure.ts";
import type { Change } from "./operation-id.ts";
import { named, quoted } from "./quote.ts";
import type { Answer, Next } from "./tool.ts";

type About = Pick<Change, "target" | "intentId">;

interface Body {
  readonly status: "success" | "stale" | "conflict";
  readonly state_ref_after: string | null;
  readonly current_state_ref: string | null;
  readonly conflicting_files: readonly string[];
}

function result({ target }: About, body: Body, message: string, next: readonly Next[]): Answer {
  return { structured: { ...body, target, message }, lines: [`${body.status}: ${message}`], next };
}

export function succeeded(about: About, after: string, how: string): Answer {
  const body = { status: "success", state_ref_after: after, current_state_ref: after, conflicting_files: [] } as const;
  const next: Next[] = [
    { tool: "submit_change", why: `for the next file; ${named(about.target)} is now state_ref_before ${after}` },
    { tool: "yield_task", arguments: { intent_id: about.intentId }, why: "when all is done" },
  ];
  return result(about, body, `${named(about.target)}: ${how}; state_ref_after is ${after}.`, next);
}

export function stale(about: Pick<Change, "target" | "intentId" | "stateRefBefore">, current: string | null, how: string): Answer {
  const { target, stateRefBefore } = about;
  const body = { status: "stale", state_ref_after: null, current_state_ref: current, conflicting_files: [target] } as const;
  const message = `${named(target)} is ${current ?? "no readable file"} now, not ${named(stateRefBefore)}; ${how}.`;
  const next: Next[] = [
    { tool: "get_file_state", arguments: { path: target }, why: "read it and build on what it says now" },
    { tool: "submit_change", why: "with the new state_ref_before" },
  ];
  return result(about, body, message, next);
}

export function conflicting(about: About, current: string, rejection: Rejection): Answer {
  const body = { status: "conflict", state_ref_after: null, current_state_ref: current, conflicting_files: [about.target] } as const;
  const message = `${named(about.target)} was not written: ${quoted(rejection.message, 400).slice(1, -1)}`;
  return result(about, body, message, [{ tool: "check_overlap", arguments: { files: [about.target] }, why: "see who holds it" }]);
}

/** The id of the call was given to another one before. */
export function otherContent(target: string, requestId: string): Answer {
  const message = `client_request_id ${named(requestId)} was that of another change; nothing was written`;
  const next: Next[] = [{ tool: "submit_change", why: "with a client_request_id of its own" }];
  return failed({ code: codeOf("request/other-content"), message, recoverable: true, next }, { target, conflicting_files: [] });
}

export function refusedTarget(target: string, why: string): Answer {
  const next: Next[] = [{ tool: "submit_change", why: "with a file inside the repository" }];
  return failed({ code: "TARGET_REFUSED", message: why, recoverable: true, next }, { target, conflicting_files: [] });
}
