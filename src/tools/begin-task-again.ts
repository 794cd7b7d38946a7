/**
 * Which task a call of `begin_task` is about when it may be a repeat: the one that stands under its id, or a new one.
 *
 * A task whose call was cancelled was told to nobody, and given up. So a repeat of that call begins another one.
 */
import { heardOf, type Hearer, hearerOf } from "./hearers.ts";
import { isLive } from "./own-intent.ts";
import type { ToolContext } from "./ports.ts";
import type { Coordination } from "./ports/session.ts";
import { CANCELLED } from "./untold.ts";

/** How often the same call may be cancelled and made again. */
const MOST_ATTEMPTS = 16;

export interface Attempt {
  readonly intentId: string;
  /** By which the session knows the announcement; nothing where the caller gave no id. */
  readonly requestId: string | undefined;
  /** Hears of the task, perhaps with others of its caller's calls. */
  readonly hearer: Hearer;
}

interface Called {
  readonly principalId: string;
  readonly ticket: string | undefined;
  /** The caller's own id for the call. */
  readonly requestId: string | undefined;
}

export async function attemptOf(
  ctx: Pick<ToolContext, "hash" | "newId" | "files">,
  coordination: Coordination,
  { principalId, ticket, requestId }: Called,
): Promise<Attempt> {
  if (ticket !== undefined) {
    heardOf(ctx, ticket);
    // The call that gave the ticket was heard; what came of the place since is this call's to tell.
    return attempt(ctx, coordination, { intentId: ticket, requestId: undefined }, turnOf(ticket));
  }
  if (requestId === undefined) {
    const intentId = `intent-${ctx.newId()}`;
    return { intentId, requestId, hearer: await hearerOf(ctx, intentId) };
  }
  for (let count = 0; ; count += 1) {
    const parts = count === 0 ? [principalId, requestId] : [principalId, requestId, count];
    const digits = ctx.hash(JSON.stringify(parts));
    const intentId = `intent-${digits.slice(0, 24)}`;
    const made = await attempt(ctx, coordination, { intentId, requestId: count === 0 ? requestId : digits }, intentId);
    if (!made.wasCancelled || count === MOST_ATTEMPTS) return made;
    await made.hearer.leave();
  }
}

const turnOf = (ticket: string): string => `${ticket} after a wait`;

/**
 * Gives up what the place of a ticket became while its call was under way. The place itself, of which the call told that gave the
 * ticket, is kept for another call.
 */
export async function giveUpTurn(coordination: Coordination, ticket: string): Promise<unknown> {
  if (isLive(await coordination.intent(ticket))) return coordination.withdraw(ticket, CANCELLED);
  return coordination.unheard?.(ticket);
}

async function attempt(
  ctx: Pick<ToolContext, "files">,
  coordination: Coordination,
  { intentId, requestId }: Pick<Attempt, "intentId" | "requestId">,
  key: string,
): Promise<Attempt & { readonly wasCancelled: boolean }> {
  const hearer = await hearerOf(ctx, key);
  try {
    const standing = await coordination.intent(intentId);
    if (isLive(standing)) hearer.stood();
    return { intentId, requestId, hearer, wasCancelled: standing?.state === "WITHDRAWN" && standing.end_reason === CANCELLED };
  } catch (cause) {
    await hearer.leave();
    throw cause;
  }
}
