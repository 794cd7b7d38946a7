/**
 * A session played by hand: messages through the aggregate, one record each, on a clock that the test moves.
 *
 * It does what a stream host does and nothing else: due Ticks first, then the command, every event folded as it would
 * come back from a log.
 */
import type { JsonObject } from "../../wire/json.ts";
import { ClientMessage } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import type { ConnectionLost, CoordinatorStopped } from "../../wire/session/observations.ts";
import type { Decision, EngineCommand, Moment } from "../aggregate.ts";
import { session } from "./session.ts";
import type { SessionState } from "./state.ts";
import type { SessionFacts } from "./verdict.ts";

export const START_MS = 1_000_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export const [ANA_TREE, BO_TREE] = ["a".repeat(16), "b".repeat(16)] as const;

export interface PlayedRecord {
  readonly revision: number;
  readonly atMs: number;
  readonly seed: string;
  readonly facts: SessionFacts;
  readonly command: ClientMessage | ConnectionLost | CoordinatorStopped | EngineCommand;
  readonly events: readonly SessionEvent[];
}

export interface Play {
  readonly state: SessionState;
  readonly records: readonly PlayedRecord[];
  readonly nowMs: number;
  /** A person's message, decided now. Facts that are not given are what an edge would find. */
  says(
    principal: string,
    type: ClientMessage["message_type"],
    payload?: JsonObject,
    more?: JsonObject,
    facts?: SessionFacts,
  ): Decision<SessionEvent>;
  gives(command: ConnectionLost | CoordinatorStopped | EngineCommand, facts?: SessionFacts): Decision<SessionEvent>;
  /** Time passes, and what falls due is decided, each at its own moment. */
  pass(ms: number): void;
  /** Time passes and nobody looks. */
  skip(ms: number): void;
}

const sequence = (() => {
  let last = 0;
  return (): number => (last += 1);
})();

export function momentOf(atMs: number, seed: string, facts: SessionFacts): Moment<SessionFacts> {
  let drawn = 0;
  return { atMs, facts, newId: (prefix) => `${prefix}-${seed}-${(drawn += 1)}` };
}

/** As an edge would hash it: what the message says, not which message it is. */
export function contentHashOf(message: ClientMessage): string {
  return `hash of ${message.message_type} ${JSON.stringify(message.payload)}`;
}

/** A stored event is parsed text, so the fold gets it that way. */
export function asStored(event: SessionEvent): SessionEvent {
  return session.readEvent(JSON.parse(JSON.stringify(event)));
}

/** @param decide - what decides, where a test wants to look at each decision */
export function play(settings: JsonObject = {}, decide: typeof session.decide = (...about) => session.decide(...about)): Play {
  const state = session.initial();
  const records: PlayedRecord[] = [];
  let nowMs = START_MS;

  function carry(command: PlayedRecord["command"], facts: SessionFacts): Decision<SessionEvent> {
    const seed = `s${records.length + 1}`;
    const decision = decide(state, command, momentOf(nowMs, seed, facts));
    if ("accepted" in decision) {
      const revision = records.length + 1;
      const events = decision.accepted.map(asStored);
      for (const event of events) session.evolve(state, event, { revision, atMs: nowMs });
      records.push({ revision, atMs: nowMs, seed, facts, command, events });
    }
    return decision;
  }

  function tick(): void {
    for (let due = session.nextDeadline(state); due !== undefined && due <= nowMs; due = session.nextDeadline(state)) {
      carry({ type: "Tick" }, {});
    }
  }

  carry({ type: "Opened", session: "s", settings }, {});
  return {
    state,
    records,
    get nowMs() {
      return nowMs;
    },
    says(principal, type, payload = {}, more = {}, facts = {}) {
      tick();
      const sender = { principal_id: principal, sender_instance_id: `${principal}:1` };
      const message = ClientMessage.parse({ message_type: type, message_id: `m${sequence()}`, sender, payload, ...more });
      return carry(message, { contentHash: contentHashOf(message), ...facts });
    },
    gives: (command, facts = {}) => carry(command, facts),
    pass(ms) {
      const untilMs = nowMs + ms;
      for (let due = session.nextDeadline(state); due !== undefined && due <= untilMs; due = session.nextDeadline(state)) {
        nowMs = Math.max(nowMs, due);
        carry({ type: "Tick" }, {});
      }
      nowMs = untilMs;
    },
    skip(ms) {
      nowMs += ms;
    },
  };
}

/** A session that these people have joined. */
export function playWith(people: readonly string[], settings: JsonObject = {}): Play {
  const played = play(settings);
  for (const principal of people) played.says(principal, "HELLO", {});
  return played;
}

export const files = (...resources: string[]): JsonObject => ({ kind: "file_set", resources });
export const signalbox = (extension: JsonObject): JsonObject => ({ extensions: { signalbox: extension } });

/** What came of a command, in one word or the types of what happened, without the `Settled` that ends each record. */
export function gist(decision: Decision<SessionEvent>): string | readonly string[] {
  if ("rejected" in decision) return decision.rejected.code;
  if ("standing" in decision) return "standing";
  return decision.accepted.slice(0, -1).map((event) => event.type);
}

export function rejectionOf(decision: Decision<SessionEvent>): Rejection {
  if (!("rejected" in decision)) throw new Error(`not refused: ${JSON.stringify(decision)}`);
  return decision.rejected;
}

export function acceptedOf(decision: Decision<SessionEvent>): readonly SessionEvent[] {
  if (!("accepted" in decision)) throw new Error(`not accepted: ${JSON.stringify(decision)}`);
  return decision.accepted;
}

/** The one event of this type. */
export function eventOf<Type extends SessionEvent["type"]>(decision: Decision<SessionEvent>, type: Type): SessionEventOf<Type> {
  const found = acceptedOf(decision).filter((event): event is SessionEventOf<Type> => event.type === type);
  const [event] = found;
  if (event === undefined || found.length > 1) throw new Error(`${found.length} events ${type}`);
  return event;
}

/** What the sender gets back with its accepted command. */
export function resultOf(decision: Decision<SessionEvent>): JsonObject {
  return (eventOf(decision, "Settled").result ?? {}) as JsonObject;
}
