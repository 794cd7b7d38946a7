/**
 * How a session looks from outside: the summaries and answers that are read, never recorded.
 *
 * `SESSION_SUMMARY` keeps the member names of the original and adds to them. No answer outgrows a frame: lists are
 * cut and their counts stay true, and what concerns the asker comes first.
 */
import { coversTarget, intentsOver, liveIntentsOf, ownHolding, refusedPaths } from "../../core/session/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { Conflict } from "../../core/session/state/conflicts.ts";
import type { Intent } from "../../core/session/state/intents.ts";
import type { Participant } from "../../core/session/state/participants.ts";
import type { IntentId, PrincipalId } from "../../wire/ids.ts";
import type { Answer, IntentAnswer, OverlapAnswer, Query, SummaryAnswer } from "../../wire/query.ts";
import type { ConflictView, ParticipantView } from "../../wire/query/views.ts";
import { fewPaths, fitting, withoutRepeats } from "./answer-size.ts";
import { viewClaims } from "./claim-views.ts";
import { rfc3339 } from "./coordinator-voice.ts";
import { viewIntent } from "./intent-views.ts";
import { viewRow } from "./waiting-views.ts";
import {
  behindCandidates,
  type Candidates,
  dirtyOf,
  type Observations,
  treeOfAsker,
  viewObservedOver,
  viewUncompared,
  viewUndeclared,
  viewWork,
} from "./observed-views.ts";
import { viewOperations, viewProposals } from "./operation-views.ts";

/** Intents in one answer when the question names no limit. */
const DEFAULT_LIMIT = 200;

/** The parts of a summary, together under 900,000 bytes. The largest single item of each kind has room in its part. */
const PARTICIPANTS = { items: 200, bytes: 200_000 };
const CONFLICTS = { items: 200, bytes: 200_000 };
const UNDECLARED = { items: 100, bytes: 100_000 };
const ROW = { items: 20, bytes: 80_000 };
const CLAIMS = { items: 20, bytes: 80_000 };
const INTENT_BYTES = 220_000;

/** The list that the other answers consist of; what is seen in the worktrees comes beside it. */
const LIST_BYTES = 500_000;

/** Worktrees that are named for having more changes than were looked at. */
const MAX_UNCOMPARED = 10;

/** Tasks of the asker's own that are named. */
const MAX_OWN = 100;

/** Paths of a question that are told to be none. */
const MAX_REFUSED = 5;

export interface ViewContext {
  readonly state: Readonly<SessionState>;
  readonly nowMs: number;
  readonly workspaceDir: string;
  lastHeardMs(principal: string): number;
  lastWorkMs(principal: string): number | undefined;
  /** Milliseconds after an instant in which the machine slept. */
  sleptSince(ms: number): number;
  readonly observations: Observations;
  /** The worktree of an asker that has not joined with one. */
  readonly askerTree?: string | undefined;
}

/** An answer, and what of it has to be read from a disk before it is whole. */
export interface Answering {
  readonly answer: Answer;
  readonly behind?: Candidates | undefined;
}

function viewParticipant(context: ViewContext, participant: Participant): ParticipantView {
  const { worktree, summary } = participant;
  const available = participant.presence === "available";
  return {
    principal_id: participant.id,
    display_name: participant.displayName,
    roles: [...participant.roles],
    status: participant.status,
    is_available: available,
    last_seen: rfc3339(available ? context.lastHeardMs(participant.id) : participant.sinceMs),
    ...(summary === undefined ? {} : { summary }),
    ...(worktree === undefined ? {} : { worktree: worktree.path }),
    ...(worktree?.branch === undefined ? {} : { branch: worktree.branch }),
    ...(worktree?.head === undefined ? {} : { head: worktree.head }),
    ...dirtyOf(context.observations, participant),
  };
}

function viewConflict(conflict: Conflict): ConflictView {
  const [principalA = null, principalB = null] = conflict.principals;
  const [intentA = null, intentB = null] = conflict.intents;
  return {
    conflict_id: conflict.id,
    category: conflict.category,
    severity: conflict.severity,
    state: conflict.state,
    principal_a: principalA,
    principal_b: principalB,
    intent_a: intentA,
    intent_b: intentB,
    description: conflict.description,
    opened_at: rfc3339(conflict.openedAtMs),
    ...(conflict.acknowledgements.size === 0 ? {} : { acknowledgements: Object.fromEntries(conflict.acknowledgements) }),
    ...(conflict.escalatedTo === undefined ? {} : { escalated_to: conflict.escalatedTo }),
    ...(conflict.frozen === undefined ? {} : { frozen_phase: conflict.frozen.phase }),
    ...(conflict.frozen?.favoured === undefined ? {} : { favoured: conflict.frozen.favoured }),
  };
}

/** Who is worth naming: everybody who is here, and who is away but still holds something. */
function isListed(participant: Participant): boolean {
  return participant.presence !== "left" || participant.intents.size > 0;
}

/** Live intents in the order they were announced, behind the cursor. */
function* announcedBehind(state: Readonly<SessionState>, ids: Iterable<IntentId>, cursor: string | undefined): Generator<Intent> {
  const behind = cursor === undefined ? 0 : Number(cursor);
  for (const id of ids) {
    const intent = state.intents.get(id);
    if (intent !== undefined && !(intent.announcedAt <= behind)) yield intent;
  }
}

/** Live conflicts, those that are named first. */
function* conflictsOf(state: Readonly<SessionState>, first: Iterable<Conflict["id"]>): Generator<Conflict> {
  for (const id of withoutRepeats(first, state.liveConflicts)) {
    const conflict = state.conflicts.get(id);
    if (conflict !== undefined) yield conflict;
  }
}

export function viewSummary(context: ViewContext, query: Extract<Query, { kind: "summary" }>, asker?: PrincipalId): SummaryAnswer {
  const { state } = context;
  const { cursor, limit = DEFAULT_LIMIT, paths } = query;
  const met = paths === undefined ? undefined : new Set(intentsOver(state, paths).map(({ intent }) => intent.id));
  const ids = met === undefined ? state.liveIntents : [...state.liveIntents].filter((id) => met.has(id));
  const owners = new Set<PrincipalId>();
  const page = fitting(
    announcedBehind(state, ids, cursor),
    (intent) => {
      owners.add(intent.principal);
      return viewIntent(state, intent);
    },
    { items: limit, bytes: INTENT_BYTES },
  );

  const listed = [...state.participants.values()].filter(isListed);
  const ofInterest = asker === undefined ? owners : new Set([asker, ...owners]);
  const concerned = [...ofInterest].flatMap((id) => state.participants.get(id) ?? []).filter(isListed);
  const own = asker === undefined ? [] : liveIntentsOf(state, asker).flatMap((intent) => [...intent.conflicts]);
  const refused = refusedPaths(state, paths ?? []).slice(0, MAX_REFUSED);
  const undeclared = viewUndeclared(state, context.observations, asker, paths, context.askerTree);
  return {
    kind: "summary",
    session_id: state.id ?? "",
    workspace_dir: context.workspaceDir,
    captured_at: rfc3339(context.nowMs),
    participant_count: listed.length,
    active_intent_count: state.liveIntents.size,
    open_conflict_count: state.liveConflicts.size,
    participants: fitting(withoutRepeats(concerned, listed), (participant) => viewParticipant(context, participant), PARTICIPANTS).views,
    active_intents: page.views,
    open_conflicts: fitting(conflictsOf(state, own), viewConflict, CONFLICTS).views,
    ...viewRow(state, ROW),
    ...viewClaims(state, CLAIMS),
    ...(refused.length === 0 ? {} : { refused }),
    ...(undeclared.length === 0 ? {} : { undeclared: fitting(undeclared, (tree) => tree, UNDECLARED).views }),
    ...(page.cut && page.last !== undefined ? { next_cursor: String(page.last.announcedAt) } : {}),
  };
}

export function viewOverlap(
  context: ViewContext,
  query: Extract<Query, { kind: "overlap" }>,
  asker: PrincipalId | undefined,
): OverlapAnswer {
  const all = intentsOver(context.state, query.paths);
  const met = all.filter(({ intent }) => intent.principal !== asker);
  const own = asker === undefined ? [] : ownHolding(context.state, all, query.paths, asker).slice(0, MAX_OWN);
  const { views } = fitting(
    met,
    ({ intent, paths }) => {
      const few = fewPaths(paths);
      const count = few.length === paths.length ? {} : { path_count: paths.length };
      return { ...viewIntent(context.state, intent), kind: "scope" as const, paths: few, ...count };
    },
    { items: query.limit ?? DEFAULT_LIMIT, bytes: LIST_BYTES },
  );
  const observed = viewObservedOver(context.state, context.observations, asker, query.paths, context.askerTree);
  const ownTree = treeOfAsker(context.state, asker, context.askerTree);
  const uncompared = viewUncompared(context.observations, ownTree).slice(0, MAX_UNCOMPARED);
  const seen = {
    ...(observed.length === 0 ? {} : { observed: fitting(observed, (tree) => tree, UNDECLARED).views }),
    ...(uncompared.length === 0 ? {} : { uncompared }),
    ...(own.length === 0 ? {} : { own: own.map(({ id }) => id) }),
  };
  const refused = refusedPaths(context.state, query.paths).slice(0, MAX_REFUSED);
  return { kind: "overlap", total: met.length, overlaps: views, ...seen, ...(refused.length === 0 ? {} : { refused }) };
}

export function viewOneIntent(context: ViewContext, query: Extract<Query, { kind: "intent" }>): IntentAnswer {
  const { state } = context;
  const intent = state.intents.get(query.intent_id as IntentId);
  if (intent === undefined) return { kind: "intent", intent: null };
  return {
    kind: "intent",
    intent: {
      fence: intent.fence,
      ...viewIntent(state, intent),
      ...(query.target === undefined ? {} : { covers_target: coversTarget(state, intent, query.target) }),
      ...(intent.endReason === undefined ? {} : { end_reason: intent.endReason }),
      ...(intent.supersededBy === undefined ? {} : { superseded_by: intent.supersededBy }),
      ...viewOperations(state, intent, query.target),
      ...viewProposals(state, intent),
    },
  };
}

export function answerQuery(context: ViewContext, query: Query, asker: PrincipalId | undefined): Answering {
  const { state, observations, askerTree } = context;
  switch (query.kind) {
    case "summary":
      return { answer: viewSummary(context, query, asker) };
    case "overlap":
      return { answer: viewOverlap(context, query, asker), behind: behindCandidates(state, observations, asker, query.paths, askerTree) };
    case "intent": {
      const answer = viewOneIntent(context, query);
      const held = query.behind === true ? (state.intents.get(query.intent_id as IntentId)?.resources ?? []) : [];
      return {
        answer,
        behind: behindCandidates(
          state,
          observations,
          asker,
          held.map(({ path }) => path),
          askerTree,
        ),
      };
    }
    case "behind":
      return { answer: { kind: "behind", behind: [] }, behind: behindCandidates(state, observations, asker, query.paths, askerTree) };
    case "work":
      return { answer: viewWork(state, observations, asker, context) };
  }
}
