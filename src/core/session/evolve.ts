/**
 * How events become state: dull, total, and the only writer of a session's state.
 *
 * It checks nothing and knows no clock. What it keeps beside the facts (index, deadlines, who owns what) follows from them.
 */
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { type Place, unreachable } from "../aggregate.ts";
import { startBackoff } from "./evolve/backoffs.ts";
import { moveClaims, openClaim, settleClaim } from "./evolve/claims.ts";
import {
  acknowledge,
  dismissConflict,
  escalate,
  freeze,
  moveConflicts,
  openConflict,
  resolveConflict,
  stopConflicts,
} from "./evolve/conflicts.ts";
import { defer, endDeferral, moveDeferrals, readWaitingAnew } from "./evolve/deferrals.ts";
import { forget } from "./evolve/forgetting.ts";
import { announce, endIntent, moveDeadlines, readScopesAnew, setLive, update } from "./evolve/intents.ts";
import { beginQuietAnew, closeSession, scheduleEnd, watchQuiet } from "./evolve/lifecycle.ts";
import { abandon, authorize, commit, openBatch, propose, reject, setPending, supersede } from "./evolve/operations.ts";
import { changeStatus, depart, join, reportBackend, settle } from "./evolve/participants.ts";
import { reconsiderAll } from "./evolve/waiting.ts";
import type { SessionState } from "./state.ts";

export function evolve(state: SessionState, event: SessionEvent, at: Place): void {
  state.spread += 1;
  switch (event.type) {
    case "Opened":
      return open(state, event, at);
    case "Resumed":
      moveDeadlines(state, event, at);
      moveDeferrals(state, event);
      moveClaims(state, event);
      beginQuietAnew(state, at);
      return moveConflicts(state, event, at);
    case "ParticipantJoined":
      return join(state, event, at);
    case "ParticipantStatus":
      return changeStatus(state, event, at);
    case "BackendReported":
      return reportBackend(state, event);
    case "ParticipantLeft":
      return depart(state, event.principalId, "left", at);
    case "ParticipantLapsed":
      return depart(state, event.principalId, "unavailable", at);
    case "IntentAnnounced":
      return announce(state, event, at);
    case "IntentUpdated":
      return update(state, event, at);
    case "IntentEnded":
      return endIntent(state, event, at);
    case "IntentSuspended":
      return setLive(state, event.intentId, "SUSPENDED", at);
    case "IntentRestored":
      return setLive(state, event.intentId, "ACTIVE", at, event.fence);
    case "IntentDeferred":
      return defer(state, event, at);
    case "DeferralEnded":
      return endDeferral(state, event, at);
    case "ClaimOpened":
      return openClaim(state, event, at);
    case "ClaimDecided":
      return settleClaim(state, event, at);
    case "BackoffStarted":
      return startBackoff(state, event, at);
    case "ConflictOpened":
      return openConflict(state, event, at);
    case "ConflictAcknowledged":
      return acknowledge(state, event, at);
    case "ConflictEscalated":
      return escalate(state, event, at);
    case "ConflictResolved":
      return resolveConflict(state, event, at);
    case "ScopeFrozen":
      return freeze(state, event, at);
    case "ConflictDismissed":
      return dismissConflict(state, event.conflictId, at);
    case "OperationCommitted":
      return commit(state, event, at);
    case "OperationProposed":
      return propose(state, event, at);
    case "OperationAuthorized":
      return authorize(state, event);
    case "OperationRejected":
      return reject(state, event, at);
    case "OperationFrozen":
      return setPending(state, event.opId, "FROZEN");
    case "OperationThawed":
      return setPending(state, event.opId, "PROPOSED");
    case "OperationAbandoned":
      return abandon(state, event.opId, at);
    case "BatchOpened":
      return openBatch(state, event, at);
    case "OperationSuperseded":
      return supersede(state, event, at);
    case "SessionClosed":
      stopConflicts(state, at);
      return closeSession(state, event, at);
    case "Forgotten":
      return forget(state, event, at);
    case "Settled":
      settle(state, event, at);
      return watchQuiet(state, at);
    default:
      return unreachable(event);
  }
}

function open(state: SessionState, event: SessionEventOf<"Opened">, at: Place): void {
  state.beganAtMs ??= at.atMs;
  const comparedBy = ({ fold_case, resource_registry }: SessionState["settings"]): string => JSON.stringify([fold_case, resource_registry]);
  const comparesOtherwise = comparedBy(state.settings) !== comparedBy(event.settings);
  state.id = event.sessionId;
  state.epoch = event.epoch;
  state.settings = event.settings;
  if (comparesOtherwise) {
    readScopesAnew(state);
    readWaitingAnew(state);
  }
  reconsiderAll(state, at);
  scheduleEnd(state);
}
