/** The mail of a session in memory, decided and folded step by step on a clock that the test moves. */
import type { JsonObject } from "../../wire/json.ts";
import type { MailCommand, MailEvent } from "../../wire/mail.ts";
import { travellingEnvelope } from "../../wire/peer/canonical.ts";
import { utf8Bytes } from "../../wire/peer/frames.ts";
import type { Decision, EngineCommand } from "../aggregate.ts";
import { mail } from "./mail.ts";
import type { MailFacts } from "./names.ts";
import { initialState, type MailState } from "./state.ts";

export const DAY_MS = 24 * 60 * 60 * 1000;
/** Half past an hour. */
export const START_MS = 1_767_605_400_000;

export interface Play {
  readonly state: MailState;
  nowMs: number;
  /** Every event so far. */
  readonly events: MailEvent[];
  /** Decides, folds, and says what became of it: types of events, the code of a refusal, or `standing`. */
  says(command: MailCommand | EngineCommand, facts?: MailFacts): string;
  /** Time passes, and what is due by then is decided. */
  pass(ms: number): string[];
}

export function play(settings: JsonObject = {}): Play {
  const state = initialState();
  let revision = 0;
  const events: MailEvent[] = [];

  function fold(decision: Decision<MailEvent>): string {
    if ("rejected" in decision) return decision.rejected.code;
    if ("standing" in decision) return "standing";
    revision += 1;
    for (const event of decision.accepted) {
      mail.evolve(state, mail.readEvent(JSON.parse(JSON.stringify(event))), { revision, atMs: theirs.nowMs });
      events.push(event);
    }
    return decision.accepted.map(({ type }) => type).join(" ");
  }

  const theirs: Play = {
    state,
    nowMs: START_MS,
    events,
    says: (command, facts = {}) => fold(mail.decide(state, command, { atMs: theirs.nowMs, facts, newId: (prefix) => prefix })),
    pass(ms) {
      const untilMs = theirs.nowMs + ms;
      const happened: string[] = [];
      for (let dueMs = mail.nextDeadline(state); dueMs !== undefined && dueMs <= untilMs; dueMs = mail.nextDeadline(state)) {
        theirs.nowMs = Math.max(theirs.nowMs, dueMs);
        happened.push(theirs.says({ type: "Tick" }));
      }
      theirs.nowMs = untilMs;
      return happened;
    },
  };
  theirs.says({ type: "Opened", session: "s", settings });
  return theirs;
}

export function register(name: string, { token = "one", connection = `${name}-1` } = {}): MailCommand {
  return { type: "Register", name, fingerprint: token, connection };
}

export function leave(name: string, connection = `${name}-1`): MailCommand {
  return { type: "Leave", name, connection };
}

export interface LetterParts {
  readonly from?: string;
  readonly kind?: string;
  readonly body?: string;
}

/** An envelope from `name` as an edge hands it on. */
export function send(name: string, to: string, id: string, { from = name, kind = "msg", body = "null" }: LetterParts = {}): MailCommand {
  const envelope = travellingEnvelope({ protocol_version: "v1", id, from, to, ts: "", source: "peer-bus", kind, body, hmac: "" });
  return { type: "Send", name, id, from, to, kind, envelope, bytes: utf8Bytes(envelope) };
}

export function broadcast(name: string, id: string, parts: LetterParts = {}): MailCommand {
  return send(name, "*", id, { kind: "broadcast", ...parts });
}

export function acknowledge(name: string, key: string): MailCommand {
  return { type: "Acknowledge", name, key };
}

export function deliver(name: string, ...keys: string[]): MailCommand {
  return { type: "Deliver", name, connection: `${name}-1`, keys };
}

/** Keys of what waits, by recipient. */
export function waitingIn({ peers }: MailState): Record<string, string[]> {
  return Object.fromEntries([...peers.values()].map(({ name, waiting }) => [name, [...waiting.keys()]]));
}
