/**
 * What a record says on the wire, and to whom (reference mpac 1.2): the sender's message relayed as it came, and what
 * the coordinator says because of it. Pure: a record in, messages out.
 *
 * Peers are told what the original never tells them: joins, leaves, superseded operations, and every intent that ends
 * without its owner's INTENT_WITHDRAW.
 */
import type { Json, JsonObject } from "../../wire/json.ts";
import { shortRef } from "../../wire/references.ts";
import type { LogRecord } from "../../wire/record.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import type { SidebandAnswer } from "../../wire/mpac/sideband.ts";
import type { SessionEvent } from "../../wire/session.ts";

export type Audience =
  | { readonly kind: "everyone" }
  | { readonly kind: "others" }
  | { readonly kind: "only"; readonly principals: readonly string[] };

export type Outbound =
  /** The sender's own envelope; it goes back to the sender too when `echo` says so. */
  | { readonly kind: "relay"; readonly message: JsonObject; readonly audience: Audience }
  /** A message of the coordinator; `index` is the place of its event in the record. */
  | {
      readonly kind: "coordinator";
      readonly type: string;
      readonly payload: JsonObject;
      readonly index: number;
      readonly audience: Audience;
    }
  /** A frame beside the specification. */
  | { readonly kind: "sideband"; readonly frame: SidebandAnswer };

const EVERYONE: Audience = { kind: "everyone" };

type RelayRule = "echo" | "others" | "parties" | "silent";

/** Who hears a participant's message again, besides the acknowledgement that Signalbox clients get. */
const RELAYS: Readonly<Record<ClientMessage["message_type"], RelayRule>> = {
  HELLO: "others",
  HEARTBEAT: "silent",
  GOODBYE: "others",
  INTENT_ANNOUNCE: "echo",
  INTENT_UPDATE: "echo",
  INTENT_WITHDRAW: "echo",
  OP_COMMIT: "echo",
  OP_SUPERSEDE: "others",
  CONFLICT_REPORT: "parties",
  CONFLICT_ACK: "echo",
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
  if (payload["file_changes"] === undefined) return message;
  const { file_changes: _contents, ...rest } = payload;
  return { ...message, payload: rest };
}

export function outboundOf(record: LogRecord): Outbound[] {
  const message = messageOf(record);
  const events = record.events as readonly SessionEvent[];
  const relayed = message === undefined ? [] : relayOf(message, events);
  return [...relayed, ...events.flatMap((event, index) => sayings(event, index, message))];
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
      return [{ kind: "relay", message: shown, audience: { kind: "only", principals } }];
    }
    case "silent":
      return [];
  }
}

function sayings(event: SessionEvent, index: number, message: ClientMessage | undefined): Outbound[] {
  const say = (type: string, payload: JsonObject, audience: Audience = EVERYONE): Outbound[] => [
    { kind: "coordinator", type, payload, index, audience },
  ];
  switch (event.type) {
    case "IntentEnded":
      if (message?.message_type === "INTENT_WITHDRAW") return [];
      return say("INTENT_WITHDRAW", {
        intent_id: event.intentId,
        reason: event.reason,
        ...(event.supersededBy === undefined ? {} : { superseded_by: event.supersededBy }),
      });
    case "ParticipantLapsed":
      return say("PROTOCOL_ERROR", {
        error_code: "PARTICIPANT_UNAVAILABLE",
        description: `${event.principalId} has not been heard since ${new Date(event.lastHeardAtMs).toISOString()}; its intents are suspended`,
        refers_to: event.principalId,
      });
    case "ConflictOpened":
      if (event.reporter !== undefined) return [];
      return say("CONFLICT_REPORT", reportOf(event), { kind: "only", principals: event.principals });
    case "ConflictDismissed":
      return say("RESOLUTION", {
        resolution_id: `resolution-${event.conflictId}`,
        conflict_id: event.conflictId,
        decision: "dismissed",
        rationale: event.rationale,
      });
    case "OperationCommitted":
      // Only what brought content: without it there is nothing to read anew.
      return event.files
        .filter((file) => file.blob !== undefined || file.stateRef === null)
        .map((file) => ({
          kind: "sideband",
          frame: {
            type: "FILE_UPDATED",
            path: file.path,
            state_ref: file.stateRef === null ? null : shortRef(file.stateRef),
            updated_by: event.principalId,
          },
        }));
    case "Opened":
    case "Resumed":
    case "ParticipantJoined":
    case "ParticipantStatus":
    case "ParticipantLeft":
    case "IntentAnnounced":
    case "IntentUpdated":
    case "IntentSuspended":
    case "IntentRestored":
    case "ConflictAcknowledged":
    case "OperationSuperseded":
    case "Forgotten":
    case "Settled":
      return [];
  }
}

/** The union of what the specification asks for and what the original's clients read (reference mpac 7.1, row 5). */
function reportOf(event: Extract<SessionEvent, { type: "ConflictOpened" }>): JsonObject {
  const [principalA = null, principalB = null] = event.principals;
  const [intentA = null, intentB = null] = event.intents;
  return {
    conflict_id: event.conflictId,
    category: event.category,
    severity: event.severity,
    description: event.description,
    basis: { kind: "rule", rule_id: event.category },
    related_intents: event.intents as readonly Json[],
    related_ops: event.operations as readonly Json[],
    principal_a: principalA,
    principal_b: principalB,
    intent_a: intentA,
    intent_b: intentB,
    suggested_action: "agree who goes first, or withdraw one of the two intents",
  };
}
