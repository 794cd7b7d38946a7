/**
 * Tells whoever has a place in the queue that its task has begun: it does so by itself, perhaps between two calls, and then the
 * next result of any tool says it, unless it is the answer of the `begin_task` that waits for it.
 *
 * Whose call for its place was cancelled, and who has had no other answer since, may be gone: what begins then is given up.
 */
import type { Notices } from "./notices.ts";
import type { Announcement, Coordination } from "./ports/session.ts";
import { asJson, listed, named, quoted } from "./quote.ts";
import { MOST_WAIT_S, PLACE_SEC } from "./times.ts";
import { createUnderWay } from "./under-way.ts";
import { CANCELLED } from "./untold.ts";

/** Files of the task that the sentence names. */
const NAMED_FILES = 5;

/** The same of what it is for: a caller may have sub-agents. */
const NAMED_CHARACTERS = 100;

/** How long a place is kept at most that nobody asks for, in milliseconds. */
const KEPT_MS = (PLACE_SEC + MOST_WAIT_S) * 1_000;

export interface TurnNotices {
  readonly notices: Pick<Notices, "expect" | "forget" | "taken">;
  /** Whether it is a live task of the caller's. */
  readonly holds: (intentId: string) => boolean;
}

/** The same, which says with a later result what has begun. */
export function tellingOfTurns(coordination: Coordination, { notices, holds }: TurnNotices): Coordination {
  /** Tasks of which an answer is on its way. */
  const asked = createUnderWay();

  /** Places whose last call was cancelled, each with what ends the listening for its turn. */
  const left = new Map<string, AbortController>();

  async function withdraw(...[intentId, ...why]: Parameters<Coordination["withdraw"]>): ReturnType<Coordination["withdraw"]> {
    const outcome = await asked.during(intentId, () => coordination.withdraw(intentId, ...why));
    if (outcome.ok) {
      notices.forget(intentId);
      left.get(intentId)?.abort();
    }
    return outcome;
  }

  async function giveUpAtTurn(intentId: string, signal: AbortSignal): Promise<void> {
    const { taken } = notices;
    await coordination.untilBegun(intentId, { limitMs: KEPT_MS, signal });
    if (!signal.aborted && holds(intentId) && notices.taken === taken) await withdraw(intentId, CANCELLED);
  }

  return {
    ...coordination,
    withdraw,
    unheard(intentId) {
      left.get(intentId)?.abort();
      const over = new AbortController();
      left.set(intentId, over);
      // A sidecar that is gone keeps nothing of a task that nobody renews.
      void giveUpAtTurn(intentId, over.signal)
        .catch(() => undefined)
        .finally(() => left.get(intentId) === over && left.delete(intentId));
    },
    announce: (announcement) =>
      asked.during(announcement.intentId, async () => {
        const { intentId } = announcement;
        left.get(intentId)?.abort(); // who asks for it anew has not gone
        const outcome = await coordination.announce(announcement);
        if (!outcome.ok) return outcome;
        if (outcome.result.waiting === undefined) notices.forget(intentId);
        else notices.expect(intentId, turnSentence(announcement), () => holds(intentId) && !asked.has(intentId));
        return outcome;
      }),
    untilBegun: (intentId, wait) =>
      asked.during(intentId, async () => {
        const begun = await coordination.untilBegun(intentId, wait);
        if (begun !== undefined) notices.forget(intentId);
        return begun;
      }),
  };
}

const yieldCall = (intentId: string): string => `yield_task ${asJson({ intent_id: intentId })}`;

function turnSentence({ intentId, files, objective }: Announcement): string {
  const held = `your turn came: you hold ${listed(files, NAMED_FILES)} as ${named(intentId)}, for ${quoted(objective, NAMED_CHARACTERS)}`;
  return `${held}; read what others left there before you edit it, and ${yieldCall(intentId)} when you are done`;
}
