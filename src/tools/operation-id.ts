/**
 * Which operation a submitted change is: whether it has been carried out, waits to be, or is a new one, and under which id.
 *
 * The id follows from what is asked, so that the same question is the same operation; and from the number of operations
 * before it, so that the same change made again after it was undone is another one.
 */
import type { OperationView } from "../wire/query/views.ts";
import { EMPTY_REF, refsEqual } from "../wire/references.ts";
import type { ToolContext } from "./ports.ts";
import type { FileState } from "./ports/files.ts";

export interface Change {
  readonly intentId: string;
  readonly target: string;
  /** Null deletes. */
  readonly content: string | null;
  readonly stateRefBefore: string;
}

/** The reference of the content; of a deletion that of nothing. */
export function refAfter(ctx: Pick<ToolContext, "hash">, content: string | null): string {
  return content === null ? EMPTY_REF : `sha256:${ctx.hash(content)}`;
}

/** Whether the file is as the change leaves it. An empty file is not a deleted one. */
export function isAsLeft(state: FileState, { content }: Change, after: string): boolean {
  if (content === null) return state.status === "missing";
  return state.status === "ok" && refsEqual(state.state_ref, after);
}

/** The intent's last committed operation on the target, when it is this very change. */
export function sameAsLast(operations: readonly OperationView[], change: Change, after: string): OperationView | undefined {
  const last = operations.findLast((operation) => operation.target === change.target && operation.state === "COMMITTED");
  const same = last !== undefined && refsEqual(last.state_ref_before, change.stateRefBefore) && refsEqual(last.state_ref_after, after);
  return same ? last : undefined;
}

export function operationId(ctx: Pick<ToolContext, "hash">, operations: readonly OperationView[], change: Change, after: string): string {
  const earlier = operations.filter((operation) => operation.target === change.target).length;
  const content = change.content === null ? null : after;
  return `op-${ctx.hash(JSON.stringify([change.intentId, change.target, change.stateRefBefore, content, earlier])).slice(0, 32)}`;
}

/** The id of the operation that takes `opId` back. */
export function withdrawalId(ctx: Pick<ToolContext, "hash">, opId: string): string {
  return `op-${ctx.hash(`withdraws ${opId}`).slice(0, 32)}`;
}
