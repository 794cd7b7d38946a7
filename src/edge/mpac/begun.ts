/**
 * How everybody hears of an intent that began without a message of its owner, after it had waited: an INTENT_ANNOUNCE of the
 * coordinator that names the owner. The owner's own has the acknowledgement in it that its announcement waited for.
 */
import type { Json, JsonObject } from "../../wire/json.ts";
import type { LogRecord } from "../../wire/record.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import type { Said } from "./sayings.ts";

export function begun(record: LogRecord, index: number): Said[] {
  const events = record.events as readonly SessionEvent[];
  const event = events[index];
  if (event?.type !== "IntentAnnounced" || event.deferralId === undefined) return [];
  const { principalId } = event;
  const shown = announcement(event);
  const ack = acknowledgement(record.revision, event, events);
  const renews = event.renews === true ? { renews: true } : {};
  const own = { ...shown, extensions: { signalbox: { ...renews, ack } } };
  const said = { kind: "coordinator", type: "INTENT_ANNOUNCE", index } as const;
  return [
    { ...said, part: 0, payload: shown, audience: { kind: "except", principal: principalId } },
    { ...said, part: 1, payload: own, audience: { kind: "only", principals: [principalId] } },
  ];
}

function announcement(event: SessionEventOf<"IntentAnnounced">): JsonObject {
  return {
    intent_id: event.intentId,
    principal_id: event.principalId,
    objective: event.objective,
    scope: event.scope as unknown as JsonObject,
    // The schemas know whole seconds only.
    ttl_sec: Math.ceil(event.ttlSec),
    priority: event.priority ?? "normal",
  };
}

/** What its owner would have been answered, had it begun at once. */
function acknowledgement(revision: number, event: SessionEventOf<"IntentAnnounced">, events: readonly SessionEvent[]): JsonObject {
  const { intentId, fence } = event;
  const conflicts = events.flatMap((one) => (one.type === "ConflictOpened" && one.intents.includes(intentId) ? [one.conflictId] : []));
  const superseded = events.flatMap((one) => (one.type === "IntentEnded" && one.supersededBy === intentId ? [one.intentId] : []));
  return { revision, fence, conflicts, superseded: superseded as readonly Json[] };
}
