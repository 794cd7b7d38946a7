/** What an operation and a batch are, which operations count, and what those of the virtual tree have written (SPEC 16). */
import type { BatchId, ConflictId, IntentId, OpId, PrincipalId } from "../../../wire/ids.ts";
import type { Revision } from "../../../wire/record.ts";

/** The tree that clients without a worktree of their own share. */
export const VIRTUAL_TREE = "virtual";

export interface Operation {
  readonly id: OpId;
  readonly principal: PrincipalId;
  /** The intent that it belongs to: the one it named, if that was live then. */
  readonly intent: IntentId | undefined;
  readonly target: string;
  readonly tree: string;
  /** What its author had checked out then. */
  branch: string | undefined;
  state: "PROPOSED" | "FROZEN" | "COMMITTED" | "REJECTED" | "ABANDONED" | "SUPERSEDED";
  /** Who allowed it to be carried out, where the session asks for that first (SPEC 7.8). */
  authorizedBy: string | undefined;
  readonly batch: BatchId | undefined;
  /** Of a proposal as it was announced; what its commit says replaces them. */
  stateRefBefore: string | null;
  stateRefAfter: string | null;
  readonly contentHash: string;
  /** What its commit said, where it was proposed first. */
  completionHash: string | undefined;
  /** When it was proposed, or committed at once. */
  readonly receivedAt: Revision;
  committedAt: Revision;
  committedAtMs: number;
  /** Conflicts that are not settled and name it. */
  conflicts: ReadonlySet<ConflictId>;
}

/** Operations that go together (SPEC 16.8). */
export interface Batch {
  readonly id: BatchId;
  readonly principal: PrincipalId;
  readonly intent: IntentId | undefined;
  readonly atomicity: "all_or_nothing" | "best_effort";
  readonly operations: readonly OpId[];
  readonly contentHash: string;
  readonly openedAt: Revision;
}

/** The state of one path of the virtual tree. */
export interface Reference {
  readonly stateRef: string | null;
  readonly blob: string | undefined;
  readonly by: PrincipalId;
}

/** Whether it was carried out and counts, or may still be carried out. */
export function isStanding(operation: Operation): boolean {
  return operation.state === "COMMITTED" || isPending(operation);
}

/** Whether it was carried out, even if something else counts in its place now. */
export function wasCommitted(operation: Operation): boolean {
  return operation.state === "COMMITTED" || operation.state === "SUPERSEDED";
}

/** Whether it waits for its commit. */
export function isPending(operation: Operation): boolean {
  return operation.state === "PROPOSED" || operation.state === "FROZEN";
}
