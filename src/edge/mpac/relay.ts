/**
 * What a record says on the wire, and to whom: the sender's message relayed as it came, and what the coordinator says
 * because of it (`sayings.ts`). Pure: a record in, messages out.
 *
 * Peers are told what the original never tells them: joins, leaves, claims, proposals, batches and superseded operations.
 */
import type { JsonObject } from "../../wire/json.ts";
import type { LogRecord } from "../../wire/record.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import { begun } from "./begun.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { type Audience, EVERYONE, type Said, sayings } from "./sayings.ts";

export type Outbound =
  /** The sender's own envelope; it goes back to the sender too when `echo` says so. */
  { readonly kind: "relay"; readonly message: JsonObject; readonly audience: Audience } | Said;

type RelayRule = "echo" | "others" | "parties" | "silent";

/** Who hears a participant's message again, besides the acknowledgement that Signalbox clients get. */
const RELAYS: Readonly<Record<ClientMessage["message_type"], RelayRule>> = {
  HELLO: "others",
  HEARTBEAT: "silent",
  GOODBYE: "others",
  INTENT_ANNOUNCE: "echo",
  INTENT_UPDATE: "echo",
  INTENT_WITHDRAW: "echo",
  // The coordinator tells of it in its own words.
  INTENT_DEFERRED: "silent",
  INTENT_CLAIM: "others",
  OP_PROPOSE: "others",
  OP_COMMIT: "echo",
  OP_BATCH_COMMIT: "others",
  OP_REJECT: "echo",
  OP_SUPERSEDE: "others",
  CONFLICT_REPORT: "parties",
  CONFLICT_ACK: "echo",
  CONFLICT_ESCALATE: "echo",
  RESOLUTION: "echo",
  SESSION_CLOSE: "silent",
};

/** The message that a record answers, when a participant sent it. */
export function messageOf(record: LogRecord): ClientMessage | undefined {
  const command = record.command as { readonly message_type?: unknown };
  return typeof command.message_type === "string" ? (record.command as unknown as ClientMessage) : undefined;
}

/** Whether the sender of a message hears it again, which is how MPAC clients know that it was accepted. */
export function isEchoed(message: ClientMessage): boolean {
  return RELAYS[message.message_type] === "echo";
}

/** An envelope without file contents: what others are shown. */
export function withoutFiles(message: JsonObject): JsonObject {
  const payload = message["payload"] as JsonObject;
  const shown = withoutChanges(payload);
  const { operations } = shown;
  const entries = Array.isArray(operations) ? (operations as readonly JsonObject[]).map(withoutChanges) : undefined;
  const brought = entries?.some((entry, index) => entry !== (operations as readonly JsonObject[])[index]) === true;
  if (shown === payload && !brought) return message;
  return { ...message, payload: brought && entries !== undefined ? { ...shown, operations: entries } : shown };
}

function withoutChanges(members: JsonObject): JsonObject {
  if (members["file_changes"] === undefined) return members;
  const { file_changes: _contents, ...rest } = members;
  return rest;
}

export function outboundOf(record: LogRecord): Outbound[] {
  const message = messageOf(record);
  const events = record.events as readonly SessionEvent[];
  // The session's end says of everything in it that it has ended.
  const last = events.length - 2;
  if (events[last]?.type === "SessionClosed") return sayings(events[last], last, message);
  const relayed = message === undefined || isRetold(message, events) ? [] : relayOf(message, events);
  return [...relayed, ...events.flatMap((event, index) => [...begun(record, index), ...sayings(event, index, message)])];
}

/** What a message asks for by its own words, where it may come to something else. */
const ASKED: Readonly<Partial<Record<ClientMessage["message_type"], SessionEvent["type"]>>> = {
  INTENT_ANNOUNCE: "IntentAnnounced",
  INTENT_WITHDRAW: "IntentEnded",
  INTENT_CLAIM: "ClaimOpened",
};

/**
 * Whether something else came of it, which the coordinator tells of: an announcement that waits was not made, a place
 * given up was no intent, and the word about a claim is none.
 */
function isRetold({ message_type }: ClientMessage, events: readonly SessionEvent[]): boolean {
  const asked = ASKED[message_type];
  return asked !== undefined && !events.some(({ type }) => type === asked);
}

function relayOf(message: ClientMessage, events: readonly SessionEvent[]): Outbound[] {
  const shown = withoutFiles(message as unknown as JsonObject);
  switch (RELAYS[message.message_type]) {
    case "echo":
      return [{ kind: "relay", message: shown, audience: EVERYONE }];
    case "others":
      return [{ kind: "relay", message: shown, audience: { kind: "others" } }];
    case "parties": {
      const opened = events.find((event) => event.type === "ConflictOpened");
      const principals = (opened?.principals ?? []).filter((principal) => principal !== message.sender.principal_id);
      return [{ kind: "relay", message: shown, audience: { kind: "parties", principals } }];
    }
    case "silent":
      return [];
  }
}
