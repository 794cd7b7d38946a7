/**
 * What the sender of a message hears once it is durable: its own message again, and in it, where it speaks our extension, what
 * came of it. Nobody else hears that.
 */
import type { Outcome } from "../../engine/stream-host.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import type { LogRecord } from "../../wire/record.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { isEchoed, withoutFiles } from "./relay.ts";

/** The sender's own message with the acknowledgement in it. */
export function withAck(message: ClientMessage, record: LogRecord): JsonObject {
  const events = record.events as readonly SessionEvent[];
  const settled = events.at(-1) as Extract<SessionEvent, { type: "Settled" }>;
  const restored = events.flatMap((event) => (event.type === "IntentRestored" ? [{ intent_id: event.intentId, fence: event.fence }] : []));
  return acknowledged(message, {
    revision: record.revision,
    ...(settled.result as JsonObject | undefined),
    ...(restored.length === 0 ? {} : { restored }),
  });
}

/** Nothing was recorded because it stands so already; undefined where its sender hears nothing. */
export function standing(message: ClientMessage, outcome: Extract<Outcome, { ok: true }>, isExtended: boolean): JsonObject | undefined {
  if (isExtended) return acknowledged(message, { revision: outcome.revision, ...outcome.result });
  return isEchoed(message) ? withoutFiles(message as unknown as JsonObject) : undefined;
}

function acknowledged(message: ClientMessage, ack: JsonObject): JsonObject {
  const shown = withoutFiles(message as unknown as JsonObject);
  const payload = shown["payload"] as JsonObject;
  const extensions = payload["extensions"] as JsonObject | null | undefined;
  const ours = extensions?.["signalbox"] as JsonObject | undefined;
  // A copy by spread that is added to has a shape of its own, which is made with each message.
  return { ...shown, payload: { ...payload, extensions: { ...extensions, signalbox: Object.assign({}, ours, { ack }) } } };
}
