/** A change that may be made: prepared on the disk, recorded by the session, put in place, or taken back. */
import type { Rejection } from "../wire/refusals.ts";
import { failed, refused } from "./failure.ts";
import { type Change, withdrawalId } from "./operation-id.ts";
import type { ToolContext } from "./ports.ts";
import type { PreparedReplacement } from "./ports/files.ts";
import { named } from "./quote.ts";
import { conflicting, refusedTarget, stale, succeeded } from "./submit-result.ts";
import type { Answer } from "./tool.ts";

export interface Operation extends Change {
  readonly opId: string;
  readonly fence: number;
  /** The target's reference, just read from disk. */
  readonly observed: string;
  readonly after: string;
  /** The session has it, and only its last step is missing. */
  readonly isRecorded: boolean;
  /** By which the session recognises the call. */
  readonly requestId?: string;
  /** There is no file there yet. */
  readonly isNew: boolean;
}

export async function carryOut(ctx: ToolContext, operation: Operation): Promise<Answer> {
  const { target, content, opId, intentId, observed, after, isRecorded } = operation;
  const prepared = await ctx.files.prepare({ path: target, content, opId, intentId, stateRefBefore: observed });
  if ("refused" in prepared) return refusedTarget(target, prepared.refused);
  if (prepared.stateRefAfter !== after) {
    await prepared.abandon();
    throw new Error(`${target} would be ${prepared.stateRefAfter}, not ${after}`);
  }
  if (!isRecorded) {
    const rejection = await record(ctx, operation, prepared);
    if (rejection !== undefined) return rejectedAs(operation, rejection);
  }
  return putInPlace(ctx, operation, prepared);
}

/** Sends the operation. When it is not known what became of it, the prepared content stays for whoever finds out. */
async function record(ctx: ToolContext, operation: Operation, prepared: PreparedReplacement): Promise<Rejection | undefined> {
  const { target, content, opId, intentId, fence, observed, after, isNew, requestId } = operation;
  const opKind = content === null ? "delete" : isNew ? "insert" : "replace";
  try {
    const commit = { opId, intentId, fence, target, opKind, stateRefBefore: observed, stateRefAfter: after, observed, requestId } as const;
    const outcome = await ctx.coordination.commit(commit);
    if (outcome.ok) return undefined;
    await prepared.abandon();
    return outcome.rejection;
  } catch (cause) {
    if (cause instanceof Error && cause.name === "SidecarUnavailable") await prepared.abandon();
    throw cause;
  }
}

function rejectedAs({ observed, ...change }: Operation, rejection: Rejection): Answer {
  const current = rejection.details?.["current_state_ref"];
  if (rejection.code === "operation/stale") {
    return stale(change, typeof current === "string" ? current : observed, "the session refused it and nothing was written");
  }
  if (rejection.code === "intent/held") return conflicting(change, observed, rejection);
  return refused(rejection, { target: change.target, conflicting_files: [] });
}

async function putInPlace(ctx: ToolContext, operation: Operation, prepared: PreparedReplacement): Promise<Answer> {
  const { target, observed, after } = operation;
  let placed;
  try {
    placed = await prepared.apply(observed);
  } catch (cause) {
    await takeBack(ctx, operation, prepared, { current: observed, reason: "the file could not be written" });
    throw cause;
  }
  switch (placed.outcome) {
    case "applied":
      return succeeded(operation, after, operation.content === null ? "it is deleted" : "it is written");
    case "changed": {
      const { currentRef, keptAt } = placed;
      const taken = await takeBack(ctx, operation, prepared, { current: currentRef, reason: "the target changed in the last moment" });
      const kept = keptAt === undefined ? "" : `; your text is kept in ${named(keptAt)}`;
      return stale(operation, currentRef, `it changed in the last moment and was not touched${kept}${taken}`);
    }
    case "lost": {
      const taken = await takeBack(ctx, operation, prepared, { current: placed.currentRef, reason: "the prepared content was removed" });
      const message = `somebody removed the prepared text of ${named(target)} before it was in place; the file was not touched${taken}`;
      const next = [{ tool: "submit_change", why: "again with the same arguments" }];
      return failed(
        { code: "CONTENT_LOST", message, recoverable: true, next },
        { target, current_state_ref: placed.currentRef, conflicting_files: [] },
      );
    }
  }
}

/**
 * Tells the session that the operation did not happen after all, and answers with what a sentence has to add. When the
 * session cannot be told, the note of the change stays, and the next bridge of this worktree does it.
 */
async function takeBack(
  ctx: ToolContext,
  { opId, target, intentId }: Operation,
  prepared: PreparedReplacement,
  { current, reason }: { readonly current: string | null; readonly reason: string },
): Promise<string> {
  const later = "; the session still has it as done, which is put right when the bridge starts again";
  try {
    const outcome = await ctx.coordination.supersede({
      opId: withdrawalId(ctx, opId),
      supersedesOpId: opId,
      target,
      intentId,
      stateRefAfter: current,
      reason,
    });
    const isGone = outcome.ok || outcome.rejection.code === "operation/not-committed" || outcome.rejection.code === "operation/unknown";
    if (!isGone) return later;
  } catch (cause) {
    if (cause instanceof Error && (cause.name === "OutcomeUnknown" || cause.name === "SidecarUnavailable")) return later;
    throw cause;
  }
  await prepared.withdrawn();
  return "";
}
