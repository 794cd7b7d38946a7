/**
 * The principal's own live intents as far as the coordinator has told: their fencing tokens, and how long they live.
 */
import type { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import { Extensions, type Ack } from "../wire/mpac/extension.ts";
import { Scope } from "../wire/mpac/messages.ts";
import { earlier, type Instant, systemNow } from "./elapsed.ts";
import type { SessionInfo } from "./inbound.ts";

export interface HeldIntent {
  readonly intentId: string;
  readonly objective: string;
  /** The token that goes with operations under this intent. */
  readonly fence: number;
  readonly files: readonly string[];
  /** Seconds that it lives from its announcement, or its last renewal. */
  readonly ttlSec: number;
  /** When that was, by this process's clocks. */
  readonly renewedAt: Instant;
  /** Whether it is to be renewed while there is work; else its end is meant. */
  readonly renews: boolean;
}

export interface OwnIntents {
  readonly all: ReadonlyMap<string, HeldIntent>;
  /**
   * What stands, whatever was known before.
   *
   * @param saidAtMs - when the coordinator said so, by its own clock, which need not agree with ours
   */
  learn(info: SessionInfo, saidAtMs: number): void;
  /** An own message that is durable now. */
  acknowledge(envelope: InboundEnvelope, ack: Ack): void;
  /** Anybody's message: an intent of ours may end in it. */
  hear(envelope: InboundEnvelope): void;
  /** An intent that became ours without having been announced by us. */
  adopt(intent: Omit<HeldIntent, "renewedAt">): void;
}

/** Why an intent ended that its owner did not end: the coordinator's word for it, or `away` when nobody was there to hear. */
export type OnEnded = (intent: HeldIntent, reason: string) => void;

/** Seconds that an intent lives when nobody says (SPEC 15.3). */
const DEFAULT_TTL_SEC = 300;

export function createOwnIntents(onEnded: OnEnded = () => undefined, now: () => Instant = systemNow): OwnIntents {
  const held = new Map<string, HeldIntent>();

  function end(intentId: string, reason: string): void {
    const intent = held.get(intentId);
    held.delete(intentId);
    if (intent !== undefined && reason !== "superseded") onEnded(intent, reason);
  }

  return {
    all: held,
    learn(info, saidAtMs) {
      const before = new Map(held);
      const { intents, intent_count } = info.extensions.signalbox;
      held.clear();
      for (const { intent_id, objective, fence, resources, ttl_sec, expires_at, renews } of intents) {
        held.set(intent_id, {
          intentId: intent_id,
          objective,
          fence,
          files: resources,
          ttlSec: ttl_sec,
          renewedAt: earlier(now(), ageMs(saidAtMs, Date.parse(expires_at) - ttl_sec * 1_000)),
          renews: renews ?? false,
        });
      }
      if (intent_count !== undefined) return; // not all are listed
      for (const [intentId, intent] of before) if (!held.has(intentId)) onEnded(intent, "away");
    },
    acknowledge({ message_type, payload }, { fence, superseded }) {
      for (const ended of superseded ?? []) held.delete(ended);
      const { intent_id: intentId } = payload;
      if (typeof intentId !== "string") return;
      if (message_type === "INTENT_WITHDRAW") return void held.delete(intentId);
      const known = held.get(intentId);
      if (fence === undefined || (known === undefined && message_type !== "INTENT_ANNOUNCE")) return;
      const { objective, scope, ttl_sec } = payload;
      held.set(intentId, {
        intentId,
        objective: typeof objective === "string" ? objective : (known?.objective ?? ""),
        fence,
        files: Scope.safeParse(scope).data?.resources ?? known?.files ?? [],
        ttlSec: typeof ttl_sec === "number" ? ttl_sec : (known?.ttlSec ?? DEFAULT_TTL_SEC),
        renewedAt: now(),
        renews: known?.renews ?? Extensions.safeParse(payload["extensions"]).data?.signalbox?.renews ?? false,
      });
    },
    adopt(intent) {
      held.set(intent.intentId, { ...intent, renewedAt: now() });
    },
    hear({ message_type, payload }) {
      const { intent_id: intentId, reason } = payload;
      if (message_type === "INTENT_WITHDRAW" && typeof intentId === "string")
        end(intentId, typeof reason === "string" ? reason : "withdrawn");
    },
  };
}

/** Both by one clock; 0 when either cannot be read. */
function ageMs(nowMs: number, thenMs: number): number {
  return Math.max(0, nowMs - thenMs) || 0;
}
