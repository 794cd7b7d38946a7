/**
 * What a call got hold of and nobody hears of: it is given up again, at once, so that a call which was cancelled leaves nothing
 * behind that somebody else has to wait for.
 */
import { failed } from "./failure.ts";
import type { Hearer } from "./hearers.ts";
import type { ToolContext } from "./ports.ts";
import type { Coordination } from "./ports/session.ts";
import type { Answer } from "./tool.ts";

/** The reason by which a task is known that nobody was told of: a repeat of its call begins another. */
export const CANCELLED = "cancelled";

/** Whether nobody waits for the call any more. */
export const isCalledOff = (call: Pick<ToolContext, "signal" | "isOver">): boolean => call.isOver ?? call.signal?.aborted === true;

/** The same call, spoken by this participant of its caller's. Its signal may be an accessor, which a copy would leave behind. */
export function spokenBy(ctx: ToolContext, coordination: Coordination): ToolContext {
  return { ...ctx, coordination, signal: ctx.signal };
}

/** The answer of a call that nobody waits for any more, and that therefore does nothing. */
export function calledOff(): Answer {
  const message = "the call was cancelled; nothing was done, and nothing is held by it";
  return failed({ code: "CANCELLED", message, recoverable: true, next: [{ why: "make the call again if it is needed" }] });
}

/**
 * The answer, by which the thing is given up that it tells of where it does not reach the caller: at once where it does not leave,
 * later where it turns out that nobody has read it.
 */
export async function unlessUntold(
  ctx: Pick<ToolContext, "signal">,
  answer: Answer,
  hearer: Hearer,
  giveUp: () => Promise<unknown>,
): Promise<Answer> {
  if (isCalledOff(ctx)) {
    await hearer.leave(giveUp);
    return calledOff();
  }
  // A sidecar that is gone keeps nothing of a task that nobody renews.
  const goBack = (): void => void hearer.leave(giveUp).catch(() => undefined);
  return {
    ...answer,
    settle(given) {
      if (!given) {
        goBack();
        return undefined;
      }
      hearer.told();
      return (isSure) => {
        if (isSure) goBack(); // otherwise its owner works on it, or falls silent
      };
    },
  };
}
