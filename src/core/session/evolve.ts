/**
 * How events become state: dull, total, and the only writer of a session's state.
 *
 * It checks nothing and knows no clock. What it keeps beside the facts (index, deadlines, who owns what) follows from them.
 */
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { type Place, unreachable } from "../aggregate.ts";
import { acknowledge, dismissConflict, openConflict } from "./evolve/conflicts.ts";
import { forget } from "./evolve/forgetting.ts";
import { announce, endIntent, moveDeadlines, readScopesAnew, setLive, update } from "./evolve/intents.ts";
import { commit, supersede } from "./evolve/operations.ts";
import { changeStatus, depart, join, settle } from "./evolve/participants.ts";
import type { SessionState } from "./state.ts";

export function evolve(state: SessionState, event: SessionEvent, at: Place): void {
  state.spread += 1;
  switch (event.type) {
    case "Opened":
      return open(state, event);
    case "Resumed":
      return moveDeadlines(state, event, at);
    case "ParticipantJoined":
      return join(state, event, at);
    case "ParticipantStatus":
      return changeStatus(state, event, at);
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
      return setLive(state, event.intentId, "SUSPENDED");
    case "IntentRestored":
      return setLive(state, event.intentId, "ACTIVE", event.fence);
    case "ConflictOpened":
      return openConflict(state, event, at);
    case "ConflictAcknowledged":
      return acknowledge(state, event);
    case "ConflictDismissed":
      return dismissConflict(state, event.conflictId, at);
    case "OperationCommitted":
      return commit(state, event, at);
    case "OperationSuperseded":
      return supersede(state, event, at);
    case "Forgotten":
      return forget(state, event);
    case "Settled":
      return settle(state, event, at);
    default:
      return unreachable(event);
  }
}

function open(state: SessionState, event: SessionEventOf<"Opened">): void {
  const comparesOtherwise = state.settings.fold_case !== event.settings.fold_case;
  state.id = event.sessionId;
  state.epoch = event.epoch;
  state.settings = event.settings;
  if (comparesOtherwise) readScopesAnew(state);
}
