/**
 * A session's transcript in the specification's shape (SPEC 9.6.3): what its log says was said, by whom, in which order.
 *
 * In it are the messages of participants that were accepted and recorded, and those that the coordinator says because of a record,
 * with the ids that everybody saw. Refusals, SESSION_INFO and signs of life are not recorded, and so not in it.
 *
 * The order is that of the session's Lamport clock: a participant's message has the value at which the coordinator received it,
 * those that it causes have the ones behind. Every record has values of its own, so there is no tie. The clocks of most clients never
 * learn of anybody else's, and sorting by the `watermark` of their messages would put answers before questions.
 */
import type { SessionState } from "../../core/session/state.ts";
import { isObject, type JsonObject } from "../../wire/json.ts";
import { lamportIn, PROTOCOL_VERSION } from "../../wire/mpac/envelope.ts";
import type { ClientMessage, Message } from "../../wire/mpac/messages.ts";
import type { LogRecord } from "../../wire/record.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { withoutSecrets } from "./commands.ts";
import { envelopeOf, rfc3339, sayingOf } from "./coordinator-voice.ts";
import { createLastWords } from "./last-words.ts";
import { messageOf, type Outbound, outboundOf } from "./relay.ts";
import { standingMembers } from "./session-info.ts";
import { type Frontier, incarnationOf, REPLAY_WINDOW_SEC, snapshotOf } from "./snapshot.ts";

interface Placed {
  readonly lamport: number;
  readonly envelope: JsonObject;
}

/** Written piece by piece, because a log may be longer than what fits into memory. The pieces make one JSON document. */
export interface Transcript {
  begin(): string;
  /** @param state - with the record folded into it */
  add(record: LogRecord, state: Readonly<SessionState>): string;
  end(state: Readonly<SessionState>): string;
  /** How many messages there are by now. */
  readonly messages: number;
}

export function createTranscript(sessionId: string, exportedAtMs: number): Transcript {
  const lamport: number[] = [];
  const principals = new Map<string, JsonObject>();
  const heard = createHeard();
  const lastWords = createLastWords();
  let last: LogRecord | undefined;

  return {
    get messages() {
      return lamport.length;
    },
    begin() {
      const head = { session_id: sessionId, protocol_version: PROTOCOL_VERSION, exported_at: rfc3339(exportedAtMs) };
      return `${JSON.stringify(head).slice(0, -1)},"messages":[`;
    },
    add(record, state) {
      last = record;
      heard.note(record);
      for (const event of record.events as readonly SessionEvent[])
        if (event.type === "ParticipantJoined") principals.set(event.principalId, principalOf(event, messageOf(record)));
      return placedOf(record, lastWords(record, outboundOf(record)), sessionId, state)
        .map((placed) => `${lamport.push(placed.lamport) === 1 ? "\n" : ",\n"}${JSON.stringify(placed.envelope)}`)
        .join("");
    },
    end(state) {
      const tail = {
        security_profile: state.settings.profile,
        participants: [...principals.values()],
        final_snapshot: snapshotOf(state, exportedAtMs, heard.until(last?.atMs ?? 0)),
        extensions: { signalbox: { records: last?.revision ?? 0, last_hash: last?.hash ?? null, lamport } },
      };
      return `\n],${JSON.stringify(tail).slice(1)}\n`;
    },
  };
}

/** What a record says, in the order in which it is said. */
function placedOf(record: LogRecord, outbounds: readonly Outbound[], sessionId: string, state: Readonly<SessionState>): Placed[] {
  const message = messageOf(record);
  const { lamport } = record.events.at(-1) as SessionEventOf<"Settled">;
  let clock = lamport;
  const received = message === undefined ? [] : [{ lamport, envelope: asRecorded(message, record, sessionId) }];
  const said = outbounds.flatMap((outbound): Placed[] => {
    if (outbound.kind !== "coordinator") return [];
    const payload = { ...standingMembers(state, sessionId, outbound.type), ...outbound.payload };
    const saying = sayingOf(record, sessionId, outbound.type, payload, outbound);
    // As on a connection that hears all of it: an event may make the coordinator say several things.
    clock = Math.max(clock, (saying.lamport ?? clock) - 1) + 1;
    const speaker = { sessionId, epoch: state.epoch, clock: state.clock };
    return [{ lamport: clock, envelope: envelopeOf(speaker, saying, clock) as unknown as JsonObject }];
  });
  return [...received, ...said];
}

/** The message as the log has it; what its sender left out of the envelope is filled in, so that each is a whole one. */
function asRecorded(message: ClientMessage, record: LogRecord, sessionId: string): JsonObject {
  const { sender, payload, ...rest } = withoutSecrets(message) as unknown as JsonObject & { sender: JsonObject; payload: JsonObject };
  return {
    protocol: "MPAC",
    version: PROTOCOL_VERSION,
    session_id: sessionId,
    ts: rfc3339(record.atMs),
    ...rest,
    sender: { principal_type: "agent", sender_instance_id: "", ...sender },
    payload: withoutContents(payload),
  };
}

/** The log holds no content of a file, only its hash; nor would this. */
function withoutContents(payload: JsonObject): JsonObject {
  const { file_changes: changes, operations } = payload;
  return {
    ...payload,
    ...(isObject(changes)
      ? { file_changes: Object.fromEntries(Object.entries(changes).map(([path, change]) => [path, bare(change)])) }
      : {}),
    ...(Array.isArray(operations) ? { operations: operations.map((entry) => (isObject(entry) ? withoutContents(entry) : entry)) } : {}),
  };
}

function bare(change: JsonObject[string]): JsonObject {
  if (!isObject(change)) return {};
  const { content: _content, ...rest } = change;
  return rest;
}

/** SPEC 10.1. */
function principalOf(event: SessionEventOf<"ParticipantJoined">, message: ClientMessage | undefined): JsonObject {
  const hello = message?.message_type === "HELLO" ? (message as Message<"HELLO">).payload : undefined;
  return {
    principal_id: event.principalId,
    principal_type: event.principalType,
    display_name: event.displayName,
    roles: event.roles,
    capabilities: hello?.capabilities ?? [],
  };
}

/** What was heard last of everybody, and lately. */
function createHeard() {
  const frontier = new Map<string, Frontier>();
  let recent: { readonly atMs: number; readonly id: string }[] = [];
  return {
    note(record: LogRecord): void {
      const message = messageOf(record);
      if (message === undefined) return;
      const { sender, ts, watermark, message_id: id } = message;
      const incarnation = incarnationOf(sender.principal_id, sender.sender_instance_id);
      frontier.set(incarnation, { atMs: record.atMs, ts, lamport: lamportIn(watermark) });
      recent.push({ atMs: record.atMs, id });
      if (recent.length % TIDIED_AT === 0) recent = within(recent, record.atMs);
    },
    until: (atMs: number) => ({ frontier, messageIds: within(recent, atMs).map(({ id }) => id) }),
  };
}

/** Every so many messages those that are too old are forgotten. */
const TIDIED_AT = 10_000;

function within<Kind extends { readonly atMs: number }>(recent: Kind[], atMs: number): Kind[] {
  return recent.filter((one) => atMs - one.atMs <= REPLAY_WINDOW_SEC * 1_000);
}
