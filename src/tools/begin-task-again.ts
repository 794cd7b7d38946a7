/**
 * Which task a call of `begin_task` is about when it may be a repeat: the one that stands under its id, or a new one.
 *
 * A task whose call was cancelled was told to nobody, and given up. So a repeat of that call begins another one.
 */
import type { KnownIntent } from "./own-intent.ts";
import type { Coordination, ToolContext } from "./ports.ts";
import { CANCELLED } from "./untold.ts";

/** How often the same call may be cancelled and made again. */
const MOST_ATTEMPTS = 16;

export interface Attempt {
  readonly intentId: string;
  /** By which the session knows the announcement; nothing where the caller gave no id. */
  readonly requestId: string | undefined;
  /** Whether the task was there before this call, so that its caller knows of it. */
  readonly stood: boolean;
}

interface Called {
  readonly principalId: string;
  readonly ticket: string | undefined;
  /** The caller's own id for the call. */
  readonly requestId: string | undefined;
}

export async function attemptOf(
  ctx: Pick<ToolContext, "hash" | "newId">,
  coordination: Coordination,
  { principalId, ticket, requestId }: Called,
): Promise<Attempt> {
  if (ticket !== undefined) return { intentId: ticket, requestId: undefined, stood: isLive(await coordination.intent(ticket)) };
  if (requestId === undefined) return { intentId: `intent-${ctx.newId()}`, requestId, stood: false };
  for (let attempt = 0; ; attempt += 1) {
    const parts = attempt === 0 ? [principalId, requestId] : [principalId, requestId, attempt];
    const digits = ctx.hash(JSON.stringify(parts));
    const intentId = `intent-${digits.slice(0, 24)}`;
    const standing = await coordination.intent(intentId);
    const wasCancelled = standing?.state === "WITHDRAWN" && standing.end_reason === CANCELLED;
    if (!wasCancelled || attempt === MOST_ATTEMPTS)
      return { intentId, requestId: attempt === 0 ? requestId : digits, stood: isLive(standing) };
  }
}

const isLive = (intent: KnownIntent | null): boolean => intent?.state === "ACTIVE" || intent?.state === "SUSPENDED";
