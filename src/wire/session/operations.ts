/** The events of what was done: proposed, authorized, committed, and what became of it otherwise (SPEC 16). */
import * as z from "zod";
import { event } from "../event.ts";
import { BatchId, IntentId, OpId, PrincipalId } from "../ids.ts";

/** What a change is, proposed or carried out. */
const change = {
  opId: OpId,
  principalId: PrincipalId,
  intentId: IntentId.optional(),
  target: z.string(),
  opKind: z.string(),
  /** Worktree id, or `virtual` for the session's own tree. */
  tree: z.string(),
  /** What the sender had checked out then. */
  branch: z.string().optional(),
  stateRefBefore: z.string().nullable(),
  stateRefAfter: z.string().nullable(),
  /** No live intent of the sender covers the target (SPEC 23.3.2). */
  uncoordinated: z.boolean(),
  batchId: BatchId.optional(),
  contentHash: z.string(),
};

export const OPERATION_EVENTS = [
  event("OperationCommitted", {
    ...change,
    observed: z.string().nullable().optional(),
    /** What it wrote on the session's virtual tree. */
    files: z.array(z.looseObject({ path: z.string(), stateRef: z.string().nullable(), blob: z.string().optional() })),
  }),
  event("OperationProposed", change),
  /** They may be carried out (SPEC 7.8); `by` is the coordinator's name where no person had to say so. */
  event("OperationAuthorized", { opIds: z.array(OpId), batchId: BatchId.optional(), by: z.string() }),
  event("OperationRejected", {
    opIds: z.array(OpId),
    batchId: BatchId.optional(),
    /** Nobody when the coordinator did. */
    by: PrincipalId.optional(),
    reason: z.string(),
    refersTo: z.string().optional(),
    /** Entries of a batch that were not taken and became no operations. */
    refused: z.array(z.looseObject({ opId: OpId, refusal: z.string(), message: z.string() })).optional(),
  }),
  /** Its intent was suspended, or is back (SPEC 15.7). */
  event("OperationFrozen", { opId: OpId }),
  event("OperationThawed", { opId: OpId }),
  event("OperationAbandoned", { opId: OpId, reason: z.string() }),
  event("BatchOpened", {
    batchId: BatchId,
    principalId: PrincipalId,
    intentId: IntentId.optional(),
    atomicity: z.enum(["all_or_nothing", "best_effort"]),
    opIds: z.array(OpId),
    contentHash: z.string(),
  }),
  event("OperationSuperseded", {
    opId: OpId,
    supersededBy: OpId,
    principalId: PrincipalId,
    target: z.string(),
    tree: z.string(),
    stateRefAfter: z.string().nullable(),
    reason: z.string().optional(),
    contentHash: z.string(),
  }),
] as const;
