/**
 * How a session looks from outside: the summaries and answers that are read, never recorded.
 *
 * `SESSION_SUMMARY` keeps the member names of the original (reference mpac 1.3) and adds to them.
 */
import { coversTarget, intentsOver, liveIntentsOf } from "../../core/session/read.ts";
import type { Conflict, Intent, Participant, SessionState } from "../../core/session/state.ts";
import type { IntentId, PrincipalId } from "../../wire/ids.ts";
import type {
  Answer,
  ConflictView,
  IntentAnswer,
  IntentView,
  OverlapAnswer,
  ParticipantView,
  Query,
  SummaryAnswer,
} from "../../wire/query.ts";
import type { OwnIntent } from "../../wire/mpac/coordinator.ts";

/** Intents in one answer when the question names no limit. */
const DEFAULT_LIMIT = 200;

export interface ViewContext {
  readonly state: Readonly<SessionState>;
  readonly nowMs: number;
  readonly workspaceDir: string;
  lastHeardMs(principal: string): number;
}

export const rfc3339 = (ms: number): string => new Date(ms).toISOString();

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
  };
}

function viewIntent({ state }: ViewContext, intent: Intent): IntentView {
  const worktree = state.participants.get(intent.principal)?.worktree;
  const { resources, ...scope } = intent.scope;
  return {
    intent_id: intent.id,
    principal_id: intent.principal,
    objective: intent.objective,
    state: intent.state,
    scope: { ...scope, ...(resources === undefined || resources === null ? {} : { resources }) },
    claimed_by: null,
    announced_at: rfc3339(intent.announcedAtMs),
    expires_at: rfc3339(intent.expiresAtMs),
    ...(worktree === undefined ? {} : { worktree: worktree.path }),
    ...(worktree?.branch === undefined ? {} : { branch: worktree.branch }),
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
  };
}

/** Who is worth naming: everybody who is here, and who is away but still holds something. */
function isListed(participant: Participant): boolean {
  return participant.presence !== "left" || participant.intents.size > 0;
}

export function viewSummary(context: ViewContext, query: Extract<Query, { kind: "summary" }>): SummaryAnswer {
  const { state } = context;
  const { cursor, limit = DEFAULT_LIMIT, paths } = query;
  const ids = paths === undefined ? [...state.liveIntents] : intentsOver(state, paths).map(({ intent }) => intent.id);
  const ordered = ids.toSorted().filter((id) => cursor === undefined || id > cursor);
  const page = ordered.slice(0, limit);
  const last = page.at(-1);
  const participants = [...state.participants.values()].filter(isListed);
  return {
    kind: "summary",
    session_id: state.id ?? "",
    workspace_dir: context.workspaceDir,
    captured_at: rfc3339(context.nowMs),
    participant_count: participants.length,
    active_intent_count: state.liveIntents.size,
    open_conflict_count: state.liveConflicts.size,
    participants: participants.map((participant) => viewParticipant(context, participant)),
    active_intents: page.flatMap((id) => state.intents.get(id) ?? []).map((intent) => viewIntent(context, intent)),
    open_conflicts: [...state.liveConflicts].flatMap((id) => state.conflicts.get(id) ?? []).map(viewConflict),
    ...(ordered.length > page.length && last !== undefined ? { next_cursor: last } : {}),
  };
}

export function viewOverlap(
  context: ViewContext,
  query: Extract<Query, { kind: "overlap" }>,
  asker: PrincipalId | undefined,
): OverlapAnswer {
  const met = intentsOver(context.state, query.paths, asker);
  return {
    kind: "overlap",
    total: met.length,
    overlaps: met.slice(0, query.limit ?? DEFAULT_LIMIT).map(({ intent, paths }) => ({
      ...viewIntent(context, intent),
      kind: "scope",
      paths: [...paths],
    })),
  };
}

export function viewOneIntent(context: ViewContext, query: Extract<Query, { kind: "intent" }>): IntentAnswer {
  const { state } = context;
  const intent = state.intents.get(query.intent_id as IntentId);
  if (intent === undefined) return { kind: "intent", intent: null };
  const operations = intent.operations.flatMap((id) => state.operations.get(id) ?? []);
  return {
    kind: "intent",
    intent: {
      ...viewIntent(context, intent),
      fence: intent.fence,
      ...(query.target === undefined ? {} : { covers_target: coversTarget(state, intent, query.target) }),
      ...(intent.endReason === undefined ? {} : { end_reason: intent.endReason }),
      ...(intent.supersededBy === undefined ? {} : { superseded_by: intent.supersededBy }),
      operations: operations.map((operation) => ({
        op_id: operation.id,
        target: operation.target,
        state: operation.state,
        state_ref_before: operation.stateRefBefore,
        state_ref_after: operation.stateRefAfter,
      })),
    },
  };
}

export function answerQuery(context: ViewContext, query: Query, asker: PrincipalId | undefined): Answer {
  switch (query.kind) {
    case "summary":
      return viewSummary(context, query);
    case "overlap":
      return viewOverlap(context, query, asker);
    case "intent":
      return viewOneIntent(context, query);
  }
}

/** A principal's own live intents with what it needs to go on with them. */
export function ownIntents(state: Readonly<SessionState>, principal: PrincipalId): OwnIntent[] {
  return liveIntentsOf(state, principal).map((intent) => ({
    intent_id: intent.id,
    state: intent.state,
    fence: intent.fence,
    objective: intent.objective,
    resources: intent.resources.map((resource) => resource.path),
    expires_at: rfc3339(intent.expiresAtMs),
  }));
}
