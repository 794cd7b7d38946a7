/** What may be said of a session in the state that it is in: the transitions of the specification, from the side of the log. */
import type { ConflictId, IntentId, OpId, PrincipalId } from "../../wire/ids.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { unreachable } from "../aggregate.ts";
import type { SessionState } from "./state.ts";
import { isOpen } from "./state/conflicts.ts";
import { isLive } from "./state/intents.ts";
import { isPending } from "./state/operations.ts";

type State = Readonly<SessionState>;

const intentIs = ({ intents }: State, id: IntentId, state: string): boolean => intents.get(id)?.state === state;
const operationIs = ({ operations }: State, id: OpId, state: string): boolean => operations.get(id)?.state === state;

const isLiveIntent = ({ intents }: State, id: IntentId): boolean => {
  const intent = intents.get(id);
  return intent !== undefined && isLive(intent);
};

const isPendingOperation = ({ operations }: State, id: OpId): boolean => {
  const operation = operations.get(id);
  return operation !== undefined && isPending(operation);
};

const isOpenConflict = ({ conflicts }: State, id: ConflictId): boolean => {
  const conflict = conflicts.get(id);
  return conflict !== undefined && isOpen(conflict);
};

const isHere = ({ participants }: State, id: PrincipalId): boolean => (participants.get(id)?.presence ?? "left") !== "left";

/** Whether the event can be true of the state before it (SPEC 14.7.4, 15.6.1, 16.6.1, 17.8.1). */
export function isLawful(state: State, event: SessionEvent): boolean {
  switch (event.type) {
    case "IntentAnnounced":
      return !state.intents.has(event.intentId) && isHere(state, event.principalId);
    case "IntentUpdated":
    case "IntentSuspended":
      return intentIs(state, event.intentId, "ACTIVE");
    case "IntentRestored":
      return intentIs(state, event.intentId, "SUSPENDED");
    case "IntentEnded":
      return event.state === "TRANSFERRED" ? intentIs(state, event.intentId, "SUSPENDED") : isLiveIntent(state, event.intentId);
    case "IntentDeferred":
      return isHere(state, event.principalId);
    case "DeferralEnded":
      return state.deferrals.get(event.deferralId)?.principal === event.principalId;
    case "ClaimOpened":
      return !state.claims.has(event.claimId) && intentIs(state, event.intentId, "SUSPENDED") && isHere(state, event.principalId);
    case "ClaimDecided":
      return state.claims.get(event.claimId)?.state === "PENDING";
    case "ConflictOpened":
      return !state.conflicts.has(event.conflictId);
    case "ConflictAcknowledged":
    case "ConflictEscalated":
    case "ConflictResolved":
    case "ConflictDismissed":
    case "ScopeFrozen":
      return isOpenConflict(state, event.conflictId);
    case "OperationProposed":
      return !state.operations.has(event.opId) && isHere(state, event.principalId);
    case "OperationCommitted":
      return !state.operations.has(event.opId) || operationIs(state, event.opId, "PROPOSED");
    case "OperationAuthorized":
      return event.opIds.every((id) => operationIs(state, id, "PROPOSED") && state.operations.get(id)?.authorizedBy === undefined);
    case "OperationRejected":
      return event.opIds.every((id) => isPendingOperation(state, id)) && new Set(event.opIds).size === event.opIds.length;
    case "OperationFrozen":
      return operationIs(state, event.opId, "PROPOSED");
    case "OperationThawed":
      return operationIs(state, event.opId, "FROZEN");
    case "OperationAbandoned":
      return isPendingOperation(state, event.opId);
    case "OperationSuperseded":
      return operationIs(state, event.opId, "COMMITTED") && !state.operations.has(event.supersededBy);
    case "SessionClosed":
      return state.closed === undefined;
    case "Opened":
    case "Resumed":
    case "ParticipantJoined":
    case "ParticipantStatus":
    case "ParticipantLeft":
    case "ParticipantLapsed":
    case "BackendReported":
    case "BackoffStarted":
    case "BatchOpened":
    case "Forgotten":
    case "Settled":
      return true;
    default:
      return unreachable(event);
  }
}
