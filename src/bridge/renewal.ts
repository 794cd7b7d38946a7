/**
 * How long a bridge's tasks live: as long as the work.
 *
 * A task without an end of its own is renewed at half its time while somebody showed within 30 minutes that he works: a tool
 * call, a hook, an edit in the worktree. Then it is left to end, and the next result says so. A task with an end of its
 * own is not renewed; its owner is warned when a fifth is left.
 */
import type { SessionClient } from "../client/session-client.ts";
import { type Instant, longestSince, shortestSince } from "../client/elapsed.ts";
import type { HeldIntent } from "../client/own-intents.ts";
import { beginAgain } from "../tools/ended-task.ts";
import { named } from "../tools/quote.ts";
import { until } from "../tools/times.ts";

/** Milliseconds without a sign of work after which a task is left to end. */
export const IDLE_MS = 30 * 60_000;

/** Part of its time after which a task with an end of its own is warned of. */
const WARNED_AT = 0.8;

export interface RenewalOptions {
  readonly client: Pick<SessionClient, "intents" | "isJoined" | "send" | "query">;
  /** When the last tool was called. */
  readonly lastCall: () => Instant;
  /** When a file of its tasks was last written, where the coordinator does not see that. */
  readonly lastEditMs?: (() => Promise<number | undefined>) | undefined;
  readonly now: () => Instant;
  /** Puts a sentence into the next result. */
  readonly tell: (sentence: string) => void;
}

/** Renews what is due and warns of what ends. Costs a question to the sidecar only when a task is due and no tool was called lately. */
export type Renew = () => Promise<void>;

export function createRenewal({ client, lastCall, lastEditMs, now, tell }: RenewalOptions): Renew {
  const warned = new Set<string>();

  /** A renewal too early does no harm, and one too late does; so does a night's sleep that counts as one without work. */
  const livedMs = ({ renewedAt }: HeldIntent): number => longestSince(renewedAt, now());
  const isIdle = (): boolean => shortestSince(lastCall(), now()) > IDLE_MS;
  const isDue = (intent: HeldIntent): boolean => intent.renews && livedMs(intent) >= (intent.ttlSec * 1_000) / 2;

  function warn(intent: HeldIntent): void {
    const { intentId, renews, ttlSec } = intent;
    const lived = livedMs(intent);
    if (renews || warned.has(intentId) || lived < ttlSec * 1_000 * WARNED_AT) return;
    warned.add(intentId);
    const { wallMs } = now();
    const end = new Date(wallMs + ttlSec * 1_000 - lived).toISOString();
    tell(`your task ${named(intentId)} lives ${until(end, wallMs)}, as its ttl_sec says; ${beginAgain(intent)} takes it up again`);
  }

  async function isWorking(): Promise<boolean> {
    if (!isIdle()) return true;
    const last = await (lastEditMs ?? lastSignMs)();
    return last !== undefined && now().wallMs - last <= IDLE_MS;
  }

  /** As the coordinator saw it. */
  async function lastSignMs(): Promise<number | undefined> {
    const answer = await client.query({ kind: "work" });
    return answer.kind === "work" && answer.last_sign_at !== null ? Date.parse(answer.last_sign_at) : undefined;
  }

  return async () => {
    for (const id of warned) if (!client.intents.has(id)) warned.delete(id);
    for (const intent of client.intents.values()) warn(intent);
    const due = [...client.intents.values()].filter(isDue);
    // A sidecar is not started for a renewal: whoever calls a tool starts it, and then there is work.
    if (due.length === 0 || !client.isJoined || !(await isWorking())) return;
    await Promise.all(due.map(({ intentId, ttlSec }) => client.send("INTENT_UPDATE", { intent_id: intentId, ttl_sec: ttlSec })));
  };
}
