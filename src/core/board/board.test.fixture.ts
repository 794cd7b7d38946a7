/**
 * A board played by hand: commands through the aggregate, one record each, on a clock that the test moves. It does what a
 * stream host does and nothing else: due Ticks first, then the command, every event folded as it comes back from a log.
 */
import type { BoardCommand, BoardEvent, ClaimLane, Proof } from "../../wire/board.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Decision, EngineCommand } from "../aggregate.ts";
import { board } from "./board.ts";
import type { BoardState } from "./state.ts";
import type { BoardFacts, BoardMoment } from "./verdict.ts";

export const START_MS = 1_800_000_000_000;
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const DAY = 24 * 60 * MINUTE;

type Command = BoardCommand | EngineCommand;

export interface PlayedRecord {
  readonly atMs: number;
  readonly seed: string;
  readonly facts: BoardFacts;
  readonly command: Command;
  readonly events: readonly BoardEvent[];
}

export interface BoardPlay {
  readonly state: BoardState;
  readonly records: readonly PlayedRecord[];
  readonly nowMs: number;
  gives(command: Command, contentHash?: string): Decision<BoardEvent>;
  claim(owner: string, more?: Partial<ClaimLane>): Decision<BoardEvent>;
  renew(owner: string, leaseMs?: number): Decision<BoardEvent>;
  release(owner: string, placeOnly?: boolean): Decision<BoardEvent>;
  post(
    sender: string,
    body: string,
    more?: { readonly topic?: string; readonly actionFlag?: boolean; readonly requestId?: string },
  ): Decision<BoardEvent>;
  acknowledge(messageId: string, by?: string): Decision<BoardEvent>;
  /** Time passes, and what falls due is decided, each at its own moment. */
  pass(ms: number): void;
  /** Time passes and nobody looks. */
  skip(ms: number): void;
}

export const LANE = "deploy";
export const LEASE = 5 * MINUTE;

let plays = 0;

export function momentOf({ atMs, seed, facts }: Pick<PlayedRecord, "atMs" | "seed" | "facts">): BoardMoment {
  let drawn = 0;
  return { atMs, facts, newId: (prefix) => `${prefix}-${seed}-${(drawn += 1)}` };
}

/** @param before - records of a log that this process finds; it begins at `nowMs` */
export function playBoard(before: readonly PlayedRecord[] = [], startMs = START_MS): BoardPlay {
  const state = board.initial();
  const records: PlayedRecord[] = [];
  let nowMs = startMs;
  plays += 1;
  const process = plays;
  let seeds = 0;

  function fold(record: PlayedRecord): void {
    records.push(record);
    const at = { revision: records.length, atMs: record.atMs };
    for (const event of record.events) board.evolve(state, board.readEvent(JSON.parse(JSON.stringify(event))), at);
  }

  function carry(command: Command, contentHash?: string): Decision<BoardEvent> {
    const record = { atMs: nowMs, seed: `p${process}s${(seeds += 1)}`, facts: contentHash === undefined ? {} : { contentHash }, command };
    const decision = board.decide(state, command, momentOf(record));
    if ("accepted" in decision) fold({ ...record, events: decision.accepted });
    return decision;
  }

  function tickUntil(untilMs: number): void {
    for (let due = board.nextDeadline(state); due !== undefined && due <= untilMs; due = board.nextDeadline(state)) {
      nowMs = Math.max(nowMs, due);
      carry({ type: "Tick" });
    }
  }

  for (const record of before) fold(record);
  nowMs = Math.max(nowMs, before.at(-1)?.atMs ?? 0);
  carry({ type: "Opened", session: "s", settings: {} });

  const gives = (command: Command, contentHash?: string): Decision<BoardEvent> => {
    tickUntil(nowMs);
    return carry(command, contentHash);
  };
  return {
    state,
    records,
    get nowMs() {
      return nowMs;
    },
    gives,
    claim: (owner, more = {}) => gives({ type: "ClaimLane", lane: LANE, owner, leaseMs: LEASE, ...more }, more.requestId && "same"),
    renew: (owner, leaseMs = LEASE) => gives({ type: "RenewLane", lane: LANE, owner, leaseMs }),
    release: (owner, placeOnly) => gives({ type: "ReleaseLane", lane: LANE, owner, placeOnly }),
    post: (sender, body, { topic = "news", actionFlag = false, requestId } = {}) =>
      gives({ type: "PostMessage", topic, sender, body, actionFlag, requestId }, requestId && body),
    acknowledge: (messageId, by = "cy") => gives({ type: "AcknowledgeMessage", messageId, by }),
    pass(ms) {
      const untilMs = nowMs + ms;
      tickUntil(untilMs);
      nowMs = untilMs;
    },
    skip(ms) {
      nowMs += ms;
    },
  };
}

export const bridge = (principal: string): Proof => ({ principal, by: "bridge" });

/** What came of a command: the code of a refusal, or the types of what happened without the `Settled` that ends each record. */
export function gist(decision: Decision<BoardEvent>): string | readonly string[] {
  if ("rejected" in decision) return decision.rejected.code;
  if ("standing" in decision) return "standing";
  return decision.accepted.slice(0, -1).map(({ type }) => type);
}

export function sentence(decision: Decision<BoardEvent>): string {
  if (!("rejected" in decision)) throw new Error(`not refused: ${JSON.stringify(decision)}`);
  return decision.rejected.message;
}

/** What its sender gets. */
export function resultOf(decision: Decision<BoardEvent>): JsonObject {
  if ("standing" in decision) return decision.standing.result ?? {};
  if (!("accepted" in decision)) throw new Error(`not accepted: ${JSON.stringify(decision)}`);
  const last = decision.accepted.at(-1);
  return last?.type === "Settled" ? ((last.result ?? {}) as JsonObject) : {};
}

export const waitingOf = (decision: Decision<BoardEvent>) =>
  resultOf(decision)["waiting"] as { readonly ticket: string; readonly ahead: number; readonly holder: string };
