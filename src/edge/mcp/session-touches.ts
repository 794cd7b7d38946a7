/**
 * Which resources say something else because of one record of a session.
 *
 * Events name an intent or a conflict and not what it is about; that is asked of the state, which may have gone on since. What
 * it does not know any more may have been about any file, or for anybody.
 */
import type { SessionState } from "../../core/session/state.ts";
import { fileUri } from "../../tools/resources/uri.ts";
import type { ConflictId, IntentId, PrincipalId } from "../../wire/ids.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { LogRecord } from "../../wire/record.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { CONFLICTS, EVERY_FILE, EVERY_INBOX, INTENTS, LANES, SESSION, type Touch } from "./touches.ts";

/** What may be known of the scopes of live intents as they were before the record: an update gives only the new one. */
export type Standing = Map<IntentId, Scope>;

const NOTHING: readonly Touch[] = [];

export function touchesOfSession(
  { atMs, events }: Pick<LogRecord, "atMs" | "events">,
  state: Readonly<SessionState>,
  standing: Standing,
): readonly Touch[] {
  const touched: Touch[] = [];
  for (const event of events as readonly SessionEvent[]) touched.push(...ofEvent(event, state, standing, atMs));
  return touched;
}

function ofEvent(event: SessionEvent, state: Readonly<SessionState>, standing: Standing, atMs: number): readonly Touch[] {
  switch (event.type) {
    case "Opened":
    case "BackendReported":
      return [SESSION];
    case "Forgotten":
      return event.principals.length > 0 ? [SESSION] : NOTHING;
    // Whether the holder of a lane is there is said with the lane.
    case "ParticipantJoined":
    case "ParticipantLeft":
    case "ParticipantLapsed":
      return [SESSION, LANES];
    case "ParticipantStatus":
      return ofStatus(state, event.principalId, atMs);
    case "Resumed":
      return [INTENTS];
    case "IntentAnnounced":
      standing.set(event.intentId, event.scope);
      return [SESSION, INTENTS, { scope: event.scope }];
    case "IntentUpdated":
      return ofUpdate(event, state, standing);
    case "IntentEnded":
    case "IntentSuspended":
    case "IntentRestored": {
      const scope = standing.get(event.intentId) ?? state.intents.get(event.intentId)?.scope;
      if (event.type === "IntentEnded") standing.delete(event.intentId);
      return [SESSION, INTENTS, scope === undefined ? EVERY_FILE : { scope }];
    }
    case "IntentDeferred":
    case "DeferralEnded":
    case "SessionClosed":
      return [SESSION, INTENTS];
    case "ClaimOpened":
    case "ClaimDecided":
      return [SESSION, INTENTS, ...claimed(state, event.intentId)];
    case "ConflictOpened":
      return [SESSION, CONFLICTS, ...event.principals.map((inboxOf) => ({ inboxOf }))];
    case "ConflictEscalated":
      return [SESSION, CONFLICTS, { inboxOf: event.to }, ...parties(state, event.conflictId)];
    case "ConflictAcknowledged":
    case "ConflictResolved":
    case "ConflictDismissed":
    case "ScopeFrozen":
      return [SESSION, CONFLICTS, ...parties(state, event.conflictId)];
    case "OperationCommitted":
      return [event.target, ...event.files.map(({ path }) => path)].map((path) => ({ uri: fileUri(path) }));
    case "OperationSuperseded":
      return [{ uri: fileUri(event.target) }];
    // What is only proposed has changed no file, and is in no resource.
    case "OperationProposed":
    case "OperationAuthorized":
    case "OperationRejected":
    case "OperationFrozen":
    case "OperationThawed":
    case "OperationAbandoned":
    case "BatchOpened":
    case "BackoffStarted":
    case "Settled":
      return NOTHING;
    default:
      return event satisfies never;
  }
}

/** Of a task it is said until when it is meant to last; in which files and to what end is said of the conflicts that it is in, too. */
function ofUpdate(
  { intentId, objective, scope }: SessionEventOf<"IntentUpdated">,
  { intents }: Readonly<SessionState>,
  standing: Standing,
): readonly Touch[] {
  if (scope === undefined && objective === undefined) return [INTENTS];
  const isInConflict = intents.get(intentId)?.conflicts.size !== 0;
  const touched = isInConflict ? [INTENTS, CONFLICTS] : [INTENTS];
  if (scope === undefined) return touched;
  const before = standing.get(intentId);
  standing.set(intentId, scope);
  return [...touched, { scope }, before === undefined ? EVERY_FILE : { scope: before }];
}

/**
 * Its tasks are shown with its branch, and its lanes with whether it is there: it was away until this record, or has come back
 * again since.
 */
function ofStatus({ participants }: Readonly<SessionState>, id: PrincipalId, atMs: number): readonly Touch[] {
  const participant = participants.get(id);
  const isBack = (participant?.sinceMs ?? Infinity) >= atMs;
  const hasTasks = participant?.intents.size !== 0;
  return [SESSION, ...(hasTasks ? [INTENTS] : NOTHING), ...(isBack ? [LANES] : NOTHING)];
}

/** Those who are in it, and whose word decides. */
function parties({ conflicts }: Readonly<SessionState>, id: ConflictId): readonly Touch[] {
  const conflict = conflicts.get(id);
  if (conflict === undefined) return [EVERY_INBOX];
  const names = [...conflict.principals, ...(conflict.escalatedTo === undefined ? [] : [conflict.escalatedTo])];
  return names.map((inboxOf) => ({ inboxOf }));
}

/** Whose task it is; where somebody has to approve the claim, it waits for whoever may. */
function claimed({ intents, settings }: Readonly<SessionState>, intentId: IntentId): readonly Touch[] {
  const owner = intents.get(intentId)?.principal;
  return owner === undefined || settings.compliance === "governance" ? [EVERY_INBOX] : [{ inboxOf: owner }];
}
