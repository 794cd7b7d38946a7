/**
 * What a Signalbox client asks the sidecar without changing anything: frames of ours beside the MPAC ones.
 *
 * `{"type":"SIGNALBOX_QUERY","query_id","query":{…}}` is answered by `{"type":"SIGNALBOX_ANSWER","query_id","answer":{…}}`
 * or `{"type":"SIGNALBOX_ANSWER","query_id","error":"…"}`, in the order of the session's turns: an answer contains every
 * command of the same connection that was sent before it.
 */
import * as z from "zod";
import {
  BehindView,
  ClaimView,
  ConflictView,
  IntentView,
  ObservedView,
  OperationView,
  OverlapView,
  ParticipantView,
  ProposalView,
  RefusedPath,
  UncomparedView,
  WaitingView,
} from "./query/views.ts";

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

export const OverlapAnswer = z.looseObject({
  kind: z.literal("overlap"),
  total: z.int(),
  overlaps: z.array(OverlapView),
  /** The asker's own tasks, where together they hold all of the paths. */
  own: z.array(z.string()).optional(),
  refused: z.array(RefusedPath).optional(),
  /** Undeclared edits of others over these paths. */
  observed: z.array(ObservedView).optional(),
  uncompared: z.array(UncomparedView).optional(),
  behind: z.array(BehindView).optional(),
});
export type OverlapAnswer = z.infer<typeof OverlapAnswer>;

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
