/**
 * The board aggregate: which rule answers which command, and how a record is closed.
 *
 * Every accepted command ends with `Settled`, which carries what its sender, and a repeat of the same request, is answered.
 */
import { type BoardCommand, BoardEvent } from "../../wire/board.ts";
import { REUSED_REQUEST } from "../../wire/bus/answer.ts";
import type { SessionId } from "../../wire/ids.ts";
import { type Aggregate, type Decision, type EngineCommand, readerOf, unreachable } from "../aggregate.ts";
import { NOTHING_TO_DO, refuse } from "../verdict.ts";
import { evolve } from "./evolve.ts";
import { decideClaim, decideRelease, decideRenewal } from "./lanes.ts";
import { decideAcknowledge, decidePost } from "./messages.ts";
import { type BoardState, initialState } from "./state.ts";
import { decideTick } from "./time.ts";
import type { BoardFacts, BoardMoment, Verdict } from "./verdict.ts";

/** 2026-01-01, in milliseconds since 1970: epochs are counted from there. */
const FIRST_EPOCH_MS = 1_767_225_600_000;

/** By the clock an epoch rises to this; from there on by one, so that a fencing token remains a safe integer. */
const LAST_EPOCH_BY_CLOCK = 2 ** 40;

type Any = BoardCommand | EngineCommand;

/**
 * Above every epoch before it. It follows the clock because the log may be an old backup, which does not know how often the
 * one after it was opened: a number that only counts would be given twice, and with it the fencing tokens.
 */
function decideOpened(state: Readonly<BoardState>, session: string, { atMs }: BoardMoment): Verdict {
  const byClock = Math.min(atMs - FIRST_EPOCH_MS, LAST_EPOCH_BY_CLOCK);
  return { events: [{ type: "Opened", sessionId: state.id ?? (session as SessionId), epoch: Math.max(state.epoch + 1, byClock) }] };
}

/** The author and the id of a request; ids of different people are never the same request. */
function requestOf(command: Any): string | undefined {
  if (!("requestId" in command) || command.requestId === undefined) return undefined;
  const [author, proof] =
    "owner" in command ? [command.owner, command.proof] : "sender" in command ? [command.sender, command.proof] : [command.by];
  return JSON.stringify([proof === undefined ? "" : proof.principal, author, command.requestId]);
}

function repeatOf(state: Readonly<BoardState>, command: Any, { facts }: BoardMoment): Verdict | undefined {
  const request = requestOf(command);
  const first = request === undefined ? undefined : state.requests.get(request);
  if (first === undefined) return undefined;
  if (first.contentHash !== (facts.contentHash ?? "")) {
    return refuse("request/other-content", REUSED_REQUEST);
  }
  // A claim that waits is made again to keep its place.
  if (first.result?.["waiting"] !== undefined) return undefined;
  return { standing: { revision: first.revision, ...(first.result === undefined ? {} : { result: first.result }) } };
}

function decideAny(state: Readonly<BoardState>, command: Any, at: BoardMoment): Verdict {
  const repeat = repeatOf(state, command, at);
  if (repeat !== undefined) return repeat;
  switch (command.type) {
    case "ClaimLane":
      return decideClaim(state, command, at);
    case "RenewLane":
      return decideRenewal(state, command, at);
    case "ReleaseLane":
      return decideRelease(state, command, at);
    case "PostMessage":
      return decidePost(state, command, at);
    case "AcknowledgeMessage":
      return decideAcknowledge(state, command, at);
    case "Opened":
      return decideOpened(state, command.session, at);
    case "Tick":
      return decideTick(state, at);
    case "Resumed":
    case "ParticipantLapsed":
      return NOTHING_TO_DO;
    default:
      return unreachable(command);
  }
}

export const board: Aggregate<BoardState, BoardCommand, BoardEvent, BoardFacts> = {
  name: "board",
  initial: initialState,
  decide(state, command, at): Decision<BoardEvent> {
    const verdict = decideAny(state, command, at);
    if (!("events" in verdict)) return verdict;
    const request = requestOf(command);
    const named = request === undefined ? {} : { request, contentHash: at.facts.contentHash ?? "" };
    const settled: BoardEvent = { type: "Settled", ...named, ...(verdict.result === undefined ? {} : { result: { ...verdict.result } }) };
    return { accepted: [...verdict.events, settled] };
  },
  evolve,
  nextDeadline(state) {
    return state.deadlines.first()?.dueAtMs;
  },
  *present() {
    // Nobody takes part in a board.
  },
  readEvent: readerOf<BoardEvent>(BoardEvent),
};
