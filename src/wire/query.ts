/**
 * What a Signalbox client asks the sidecar without changing anything: frames of ours beside the MPAC ones.
 *
 * `{"type":"SIGNALBOX_QUERY","query_id","query":{…}}` is answered by `{"type":"SIGNALBOX_ANSWER","query_id","answer":{…}}`
 * or `{"type":"SIGNALBOX_ANSWER","query_id","error":"…"}`, in the order of the session's turns: an answer contains every
 * command of the same connection that was sent before it.
 */
import * as z from "zod";

const path = z.string().max(4096);

export const Query = z.discriminatedUnion("kind", [
  /**
   * Who is here and what they hold, in the order of announcing; `paths` narrows it to intents over these, `cursor` is the
   * `next_cursor` of the page before.
   */
  z.strictObject({
    kind: z.literal("summary"),
    paths: z.array(path).max(1000).optional(),
    limit: z.int().min(1).max(1000).optional(),
    cursor: z
      .string()
      .regex(/^\d{1,15}$/)
      .optional(),
  }),
  /** Live intents of other principals over these paths. */
  z.strictObject({ kind: z.literal("overlap"), paths: z.array(path).min(1).max(1000), limit: z.int().min(1).max(1000).optional() }),
  /** One intent of any principal, with what its owner needs to go on; `behind` adds what the asker's tree lacks of its files. */
  z.strictObject({ kind: z.literal("intent"), intent_id: z.string().max(256), target: path.optional(), behind: z.boolean().optional() }),
  /** What other trees have written at these paths and the asker's own lacks. */
  z.strictObject({ kind: z.literal("behind"), paths: z.array(path).min(1).max(1000) }),
  /** Whether the asker's work goes on: by what its hooks and its worktree show. */
  z.strictObject({
    kind: z.literal("work"),
    /** Looks at the worktree now, where that takes no longer than a moment: for the last question of a leaver. */
    fresh: z.boolean().optional(),
  }),
]);
export type Query = z.infer<typeof Query>;

export const QueryFrame = z.looseObject({ type: z.literal("SIGNALBOX_QUERY"), query_id: z.string().min(1).max(128), query: Query });
export type QueryFrame = z.infer<typeof QueryFrame>;

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

export const SummaryAnswer = z.looseObject({
  kind: z.literal("summary"),
  session_id: z.string(),
  workspace_dir: z.string(),
  /** RFC 3339. */
  captured_at: z.string(),
  participant_count: z.int(),
  active_intent_count: z.int(),
  open_conflict_count: z.int(),
  /** The asker and the owners of these intents first; at most 200, the count says how many there are. */
  participants: z.array(ParticipantView),
  active_intents: z.array(IntentView),
  /** The asker's own first; at most 200. */
  open_conflicts: z.array(ConflictView),
  /** Whose announcement waits, the first in the row first; at most 20, the count says how many there are. Missing when nobody does. */
  waiting: z.array(WaitingView).optional(),
  waiting_count: z.int().optional(),
  /** Claims that are not decided, the earliest first; at most 20, the count says how many there are. Missing when there are none. */
  claims: z.array(ClaimView).optional(),
  claim_count: z.int().optional(),
  /** Paths that narrow it to nothing, because they mean nothing. */
  refused: z.array(RefusedPath).optional(),
  /** Edits that nobody announced, by worktree. */
  undeclared: z.array(ObservedView).optional(),
  next_cursor: z.string().optional(),
});
export type SummaryAnswer = z.infer<typeof SummaryAnswer>;

export const OverlapView = IntentView.extend({
  kind: z.enum(["scope", "dependency", "observed"]),
  paths: z.array(z.string()),
  /** How many there are, when `paths` is cut. */
  path_count: z.int().optional(),
});
export type OverlapView = z.infer<typeof OverlapView>;

export const OverlapAnswer = z.looseObject({
  kind: z.literal("overlap"),
  total: z.int(),
  overlaps: z.array(OverlapView),
  refused: z.array(RefusedPath).optional(),
  /** Undeclared edits of others over these paths. */
  observed: z.array(ObservedView).optional(),
  uncompared: z.array(UncomparedView).optional(),
  behind: z.array(BehindView).optional(),
});
export type OverlapAnswer = z.infer<typeof OverlapAnswer>;

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

/** `intent` is null when the coordinator knows none of that id (or has forgotten it, 24 h after its end). */
export const IntentAnswer = z.looseObject({
  kind: z.literal("intent"),
  intent: IntentView.extend({
    fence: z.int(),
    /** Whether its scope covers the `target` that was asked about. */
    covers_target: z.boolean().optional(),
    /** Why it ended, when it did. */
    end_reason: z.string().optional(),
    superseded_by: z.string().optional(),
    /** Its operations in the order they were committed: the last ones, when `operation_count` says that there are more. */
    operations: z.array(OperationView),
    operation_count: z.int().optional(),
    /** What anybody has proposed under it and waits, when something does: the first ones, when `proposal_count` says that there are more. */
    proposals: z.array(ProposalView).optional(),
    proposal_count: z.int().optional(),
  }).nullable(),
  behind: z.array(BehindView).optional(),
});
export type IntentAnswer = z.infer<typeof IntentAnswer>;

export const BehindAnswer = z.looseObject({ kind: z.literal("behind"), behind: z.array(BehindView) });
export type BehindAnswer = z.infer<typeof BehindAnswer>;

export const WorkAnswer = z.looseObject({
  kind: z.literal("work"),
  /** RFC 3339: the last hook of the asker's client, or edit in its worktree, later by what the machine slept since; null when none was seen. */
  last_sign_at: z.string().nullable(),
  /** Files of the asker's live intents that its worktree has changed and not committed; the first, and how many. */
  uncommitted: z.array(z.string()),
  uncommitted_count: z.int(),
});
export type WorkAnswer = z.infer<typeof WorkAnswer>;

export const Answer = z.discriminatedUnion("kind", [SummaryAnswer, OverlapAnswer, IntentAnswer, BehindAnswer, WorkAnswer]);
export type Answer = z.infer<typeof Answer>;

export const AnswerFrame = z.looseObject({
  type: z.literal("SIGNALBOX_ANSWER"),
  query_id: z.string(),
  answer: Answer.optional(),
  error: z.string().optional(),
});
