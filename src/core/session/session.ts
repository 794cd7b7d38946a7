/**
 * The session aggregate: which rule answers which message, and how a record is closed.
 *
 * Every accepted message ends with `Settled`, which carries the record's Lamport value and what a repeat of the same
 * request is answered with.
 */
import type { SessionId } from "../../wire/ids.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import { SessionEvent, type SessionEventOf } from "../../wire/session.ts";
import type { ConnectionLost, CoordinatorStopped } from "../../wire/session/observations.ts";
import { SessionSettings } from "../../wire/session/settings.ts";
import type { SettledResult } from "../../wire/session/settled-result.ts";
import type { JsonObject } from "../../wire/json.ts";
import { type Aggregate, type Decision, type EngineCommand, readerOf, unreachable } from "../aggregate.ts";
import { refuse } from "../verdict.ts";
import { isOnlooker } from "./authority.ts";
import { decideBatch } from "./batches.ts";
import { decideClaim, decideGiveUpClaim } from "./claims.ts";
import { decideAcknowledge, decideReport } from "./conflicts.ts";
import { consequences } from "./consequences.ts";
import { decideDefer } from "./deferrals.ts";
import { decideConnectionLost, decideGoodbye, decideLapse, mayLapse } from "./departures.ts";
import { decideEscalate } from "./escalations.ts";
import { evolve } from "./evolve.ts";
import { decideAnnounce, decideUpdate, decideWithdraw } from "./intents.ts";
import { heardLamport, nextLamport } from "./lamport.ts";
import { decideClose, decideStopped } from "./lifecycle.ts";
import { decideCommit } from "./operations.ts";
import { decideHeartbeat, decideHello } from "./participants.ts";
import { policyOf } from "./policy.ts";
import { decidePropose } from "./proposals.ts";
import { decideReject } from "./rejections.ts";
import { replayOf } from "./replay.ts";
import { decideResolution } from "./resolutions.ts";
import { initialState, type SessionState } from "./state.ts";
import type { Participant } from "./state/participants.ts";
import { decideSupersede } from "./supersede.ts";
import { thawedBy } from "./thaws.ts";
import { decideTick } from "./time.ts";
import type { SessionFacts, SessionMoment, Verdict } from "./verdict.ts";

/** What a session is told: what its participants say, and what is seen of them. */
export type SessionCommand = ClientMessage | ConnectionLost | CoordinatorStopped;

/** What nobody says who has come to look (SPEC 18.2, 23.1.5). */
const OF_CONTRIBUTORS: ReadonlySet<ClientMessage["message_type"]> = new Set([
  "INTENT_ANNOUNCE",
  "INTENT_UPDATE",
  "INTENT_CLAIM",
  "OP_PROPOSE",
  "OP_COMMIT",
  "OP_BATCH_COMMIT",
  "OP_SUPERSEDE",
]);

function decideMessage(state: Readonly<SessionState>, message: ClientMessage, at: SessionMoment): Verdict {
  if (state.closed !== undefined && message.message_type !== "GOODBYE") {
    return refuse("session/closed", `this session has ended (${state.closed}); nothing but GOODBYE is taken`);
  }
  if (message.message_type === "HELLO") return replayOf(state, message, at) ?? decideHello(state, message, at);

  const sender = state.participants.get(message.sender.principal_id);
  const repeat = sender === undefined ? undefined : repeatOf(sender, message, at);
  if (repeat !== undefined) return repeat;
  const replay = replayOf(state, message, at);
  if (replay !== undefined) return replay;
  if (sender === undefined || sender.presence === "left") {
    return refuse("session/not-joined", `${message.sender.principal_id} has not joined this session; send HELLO first`);
  }

  if (OF_CONTRIBUTORS.has(message.message_type) && isOnlooker(sender)) {
    return refuse("principal/no-authority", `${sender.id} is an observer, who declares no work and changes nothing; join as a contributor`);
  }

  switch (message.message_type) {
    case "HEARTBEAT":
      return decideHeartbeat(state, message, sender, at);
    case "GOODBYE":
      return decideGoodbye(state, message, sender);
    case "INTENT_ANNOUNCE":
      return decideAnnounce(state, message, sender, at);
    case "INTENT_UPDATE":
      return decideUpdate(state, message, sender, at);
    case "INTENT_WITHDRAW":
      return decideGiveUpClaim(state, message, sender) ?? decideWithdraw(state, message, sender);
    case "INTENT_DEFERRED":
      return decideDefer(state, message, sender, at);
    case "INTENT_CLAIM":
      return decideClaim(state, message, sender, at);
    case "OP_PROPOSE":
      return decidePropose(state, message, sender, at);
    case "OP_BATCH_COMMIT":
      return decideBatch(state, message, sender, at);
    case "OP_REJECT":
      return decideReject(state, message, sender);
    case "OP_COMMIT":
      return decideCommit(state, message, sender, at);
    case "OP_SUPERSEDE":
      return decideSupersede(state, message, sender, at);
    case "CONFLICT_REPORT":
      return decideReport(state, message, sender, at);
    case "CONFLICT_ACK":
      return decideAcknowledge(state, message, sender);
    case "CONFLICT_ESCALATE":
      return decideEscalate(state, message, sender);
    case "RESOLUTION":
      return decideResolution(state, message, sender, at);
    case "SESSION_CLOSE":
      return decideClose(state, message, sender);
    default:
      return unreachable(message);
  }
}

const requestIdOf = (message: ClientMessage): string | undefined => message.payload.extensions?.signalbox?.request_id;

function repeatOf(sender: Participant, message: ClientMessage, at: SessionMoment): Verdict | undefined {
  const requestId = requestIdOf(message);
  const first = requestId === undefined ? undefined : sender.requests.get(requestId);
  if (first === undefined) return undefined;
  if (first.contentHash !== (at.facts.contentHash ?? "")) {
    return refuse("request/other-content", `request ${requestId} was made before with other content; use a new id`);
  }
  // An announcement that waits is made again to keep its place.
  if (first.result?.["waiting"] !== undefined) return undefined;
  return { standing: { revision: first.revision, ...(first.result === undefined ? {} : { result: first.result }) } };
}

function decideOpened(state: Readonly<SessionState>, session: string, settings: JsonObject): Verdict {
  const parsed = SessionSettings.parse({ ...state.settings, ...settings });
  return { events: [{ type: "Opened", sessionId: state.id ?? (session as SessionId), epoch: state.epoch + 1, settings: parsed }] };
}

/** The due time of what fell into the gap moves behind it, so that owners join again and renew first. */
function decideResumed(state: Readonly<SessionState>, fromMs: number, at: SessionMoment): Verdict {
  return { events: [{ type: "Resumed", fromMs, untilMs: at.atMs + policyOf(state.settings).maySilentMs }] };
}

type Command = SessionCommand | EngineCommand;

function isMessage(command: Command): command is ClientMessage {
  return "message_type" in command;
}

function decideAny(state: Readonly<SessionState>, command: Command, at: SessionMoment): Verdict {
  if (isMessage(command)) return decideMessage(state, command, at);
  switch (command.type) {
    case "Opened":
      return decideOpened(state, command.session, command.settings);
    case "Resumed":
      return decideResumed(state, command.fromMs, at);
    case "Tick":
      return decideTick(state, at);
    case "ParticipantLapsed":
      return decideLapse(state, command.principal, command.lastHeardAtMs);
    case "ConnectionLost":
      return decideConnectionLost(state, command.principal);
    case "CoordinatorStopped":
      return decideStopped(state);
    default:
      return unreachable(command);
  }
}

type Settled = SessionEventOf<"Settled">;

function settled(
  state: Readonly<SessionState>,
  command: Command,
  at: SessionMoment,
  { result, events }: { readonly result?: SettledResult | undefined; readonly events: readonly SessionEvent[] },
): SessionEvent {
  const requestId = isMessage(command) ? requestIdOf(command) : undefined;
  const principal = isMessage(command) ? command.sender.principal_id : undefined;
  const lamport = nextLamport(state, isMessage(command) ? heardLamport(state, command) : 0);
  const event: { -readonly [Member in keyof Settled]: Settled[Member] } = { type: "Settled", lamport };
  if (principal !== undefined) event.principal = principal;
  if (isMessage(command) && at.facts.sentAtMs !== undefined) event.messageId = command.message_id;
  if (requestId !== undefined) {
    event.requestId = requestId;
    event.contentHash = at.facts.contentHash ?? "";
  }
  if (result !== undefined) event.result = { ...result };
  const thawed = thawedBy(state, events);
  if (thawed.length > 0) event.thawed = [...thawed];
  return event;
}

export const session: Aggregate<SessionState, SessionCommand, SessionEvent, SessionFacts> = {
  name: "session",
  initial: initialState,
  decide(state, command, at): Decision<SessionEvent> {
    const verdict = decideAny(state, command, at);
    if (!("events" in verdict)) return verdict;
    const events = [...verdict.events, ...consequences(state, verdict.events)];
    return { accepted: [...events, settled(state, command, at, { result: verdict.result, events })] };
  },
  evolve,
  nextDeadline(state) {
    return state.deadlines.first()?.dueAtMs;
  },
  *present(state) {
    const { maySilentMs } = policyOf(state.settings);
    for (const participant of state.participants.values()) {
      if (mayLapse(state, participant)) yield { principal: participant.id, maySilentMs, sinceMs: participant.sinceMs };
    }
  },
  readEvent: readerOf<SessionEvent>(SessionEvent),
};
