/**
 * What a call got hold of and nobody hears of: it is given up again, at once, so that a call which was cancelled leaves nothing
 * behind that somebody else has to wait for.
 */
import { failed } from "./failure.ts";
import type { ToolContext } from "./ports.ts";
import type { Answer } from "./tool.ts";

/** The reason by which a task is known that nobody was told of: a repeat of its call begins another. */
export const CANCELLED = "cancelled";

/** Whether nobody waits for the call any more. */
export const isCalledOff = ({ signal }: Pick<ToolContext, "signal">): boolean => signal?.aborted === true;

/** The answer of a call that nobody waits for any more, and that therefore does nothing. */
export function calledOff(): Answer {
  const message = "the call was cancelled; nothing was done, and nothing is held by it";
  return failed({ code: "CANCELLED", message, recoverable: true, next: [{ why: "make the call again if it is needed" }] });
}

/** The answer, which gives up what it tells of where it does not reach the caller. */
export async function unlessUntold(ctx: Pick<ToolContext, "signal">, answer: Answer, giveUp: () => Promise<unknown>): Promise<Answer> {
  if (isCalledOff(ctx)) {
    await giveUp();
    return calledOff();
  }
  return {
    ...answer,
    settle(given) {
      if (!given) giveUp().catch(() => undefined); // a sidecar that is gone keeps nothing of a task that nobody renews
      return undefined; // of a task it is known that it was read, or else that its owner falls silent
    },
  };
}
