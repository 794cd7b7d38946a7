/**
 * The principal's own live intents and their fencing tokens, as far as the coordinator has told.
 */
import type { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import type { Ack } from "../wire/mpac/extension.ts";
import type { SessionInfo } from "./inbound.ts";

export interface HeldIntent {
  readonly intentId: string;
  readonly objective: string;
  /** The token that goes with operations under this intent. */
  readonly fence: number;
}

export interface OwnIntents {
  readonly all: ReadonlyMap<string, HeldIntent>;
  /** What stands, whatever was known before. */
  learn(info: SessionInfo): void;
  /** An own message that is durable now. */
  acknowledge(envelope: InboundEnvelope, ack: Ack): void;
  /** Anybody's message: an intent of ours may end in it. */
  hear(envelope: InboundEnvelope): void;
}

export function createOwnIntents(): OwnIntents {
  const held = new Map<string, HeldIntent>();
  return {
    all: held,
    learn(info) {
      held.clear();
      for (const { intent_id, objective, fence } of info.extensions.signalbox.intents)
        held.set(intent_id, { intentId: intent_id, objective, fence });
    },
    acknowledge({ message_type, payload }, { fence, superseded }) {
      for (const ended of superseded ?? []) held.delete(ended);
      const { intent_id: intentId, objective } = payload;
      if (typeof intentId !== "string") return;
      const known = held.get(intentId);
      if (message_type === "INTENT_WITHDRAW") held.delete(intentId);
      else if (fence !== undefined && (known !== undefined || message_type === "INTENT_ANNOUNCE")) {
        held.set(intentId, { intentId, objective: typeof objective === "string" ? objective : (known?.objective ?? ""), fence });
      }
    },
    hear({ message_type, payload }) {
      const intentId = payload["intent_id"];
      if (message_type === "INTENT_WITHDRAW" && typeof intentId === "string") held.delete(intentId);
    },
  };
}
