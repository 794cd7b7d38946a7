/** How an answer shows what a session knows: people, intents, conflicts, operations, and what stands in a worktree. */
import * as z from "zod";

export const ParticipantView = z.looseObject({
  principal_id: z.string(),
  display_name: z.string(),
  roles: z.array(z.string()),
  status: z.string(),
  is_available: z.boolean(),
  /** RFC 3339; when a frame or a live socket was last seen. */
  last_seen: z.string(),
  summary: z.string().optional(),
  branch: z.string().optional(),
  head: z.string().optional(),
  worktree: z.string().optional(),
  /** Files of its worktree that differ from its commit: the first, and how many there are. */
  dirty_files: z.array(z.string()).optional(),
  dirty_count: z.int().optional(),
  /** RFC 3339: when that was seen. */
  observed_at: z.string().optional(),
});
export type ParticipantView = z.infer<typeof ParticipantView>;

export const ScopeView = z.looseObject({
  kind: z.string(),
  resources: z.array(z.string()).optional(),
  /** How many there are, when `resources` is cut. */
  resource_count: z.int().optional(),
  /** What the scope says beside its resources was too long for an answer. */
  truncated: z.boolean().optional(),
});

export const IntentView = z.looseObject({
  intent_id: z.string(),
  principal_id: z.string(),
  objective: z.string(),
  state: z.string(),
  scope: ScopeView,
  claimed_by: z.string().nullable(),
  /** RFC 3339. */
  announced_at: z.string(),
  expires_at: z.string(),
  /** Its owner renews it while there is work. */
  renews: z.boolean().optional(),
  branch: z.string().optional(),
  worktree: z.string().optional(),
});
export type IntentView = z.infer<typeof IntentView>;

export const ConflictView = z.looseObject({
  conflict_id: z.string(),
  category: z.string(),
  severity: z.string(),
  state: z.string(),
  principal_a: z.string().nullable(),
  principal_b: z.string().nullable(),
  intent_a: z.string().nullable(),
  intent_b: z.string().nullable(),
  description: z.string(),
  /** RFC 3339. */
  opened_at: z.string().optional(),
  /** What those concerned said of it, by their names. Missing while nobody did. */
  acknowledgements: z.record(z.string(), z.string()).optional(),
  /** Whose word decides since it was escalated. */
  escalated_to: z.string().optional(),
  /** Nobody has resolved it in time, and what it is about is frozen: the phase of SPEC 18.6.2.1. */
  frozen_phase: z.int().optional(),
  /** The intent whose operations may go on there meanwhile, by its higher priority. */
  favoured: z.string().optional(),
});
export type ConflictView = z.infer<typeof ConflictView>;

/** A path of a question that means nothing here. */
export const RefusedPath = z.looseObject({ path: z.string(), why: z.string() });

/** Changed files of one worktree that no live intent of anybody in it declares. */
export const ObservedView = z.looseObject({
  worktree: z.string(),
  branch: z.string().optional(),
  /** Who works in that worktree; nobody that the session knows, when it is empty. */
  principals: z.array(z.string()),
  paths: z.array(z.string()),
  /** How many there are, when `paths` is cut. */
  path_count: z.int().optional(),
  /** RFC 3339. */
  observed_at: z.string(),
  /** Whether it is the asker's own worktree. */
  yours: z.boolean(),
});
export type ObservedView = z.infer<typeof ObservedView>;

/** A worktree with more changed files than were compared with the question. */
export const UncomparedView = z.looseObject({ worktree: z.string(), changed_count: z.int() });
export type UncomparedView = z.infer<typeof UncomparedView>;

/** What another tree has written and the asker's lacks. */
export const BehindView = z.looseObject({
  path: z.string(),
  /** Who wrote it. */
  by: z.string(),
  /** RFC 3339. */
  at: z.string(),
  branch: z.string().optional(),
  /** Where it stands; nowhere on a disk when it is absent. */
  worktree: z.string().optional(),
  state_ref: z.string().nullable(),
});
export type BehindView = z.infer<typeof BehindView>;

/** Somebody whose announcement waits until nobody is in its way. */
export const WaitingView = z.looseObject({
  principal_id: z.string(),
  objective: z.string(),
  resources: z.array(z.string()),
  /** How many there are, when `resources` is cut. */
  resource_count: z.int().optional(),
  priority: z.string(),
  /** RFC 3339. */
  since: z.string(),
});
export type WaitingView = z.infer<typeof WaitingView>;

/** A claim on suspended work that is not decided. */
export const ClaimView = z.looseObject({
  claim_id: z.string(),
  /** The suspended intent, and whose it is. */
  intent_id: z.string(),
  intent_principal_id: z.string().optional(),
  /** Who claims it, and the intent that is to take its place. */
  principal_id: z.string(),
  new_intent_id: z.string(),
  objective: z.string(),
  resources: z.array(z.string()),
  /** How many there are, when `resources` is cut. */
  resource_count: z.int().optional(),
  /** RFC 3339. */
  since: z.string(),
  /** RFC 3339: when it is approved by itself. Missing where an owner or arbiter has to approve it. */
  due_at: z.string().optional(),
});
export type ClaimView = z.infer<typeof ClaimView>;

export const OverlapView = IntentView.extend({
  kind: z.enum(["scope", "dependency", "observed"]),
  paths: z.array(z.string()),
  /** How many there are, when `paths` is cut. */
  path_count: z.int().optional(),
});
export type OverlapView = z.infer<typeof OverlapView>;

export const OperationView = z.looseObject({
  op_id: z.string(),
  target: z.string(),
  state: z.enum(["PROPOSED", "FROZEN", "COMMITTED", "REJECTED", "ABANDONED", "SUPERSEDED"]),
  state_ref_before: z.string().nullable(),
  state_ref_after: z.string().nullable(),
});
export type OperationView = z.infer<typeof OperationView>;

/** An operation that waits for its commit. */
export const ProposalView = OperationView.extend({
  principal_id: z.string(),
  /** Who said that it may be carried out; null while nobody has. */
  authorized_by: z.string().nullable(),
  batch_id: z.string().optional(),
});
export type ProposalView = z.infer<typeof ProposalView>;
