/** Whether an intent is the caller's own: a face of the tools acts on no other. */
import type { IntentAnswer } from "../wire/query.ts";
import { codeOf, failed } from "./failure.ts";
import type { Coordination } from "./ports/session.ts";
import { listed, named } from "./quote.ts";
import type { Answer, Next } from "./tool.ts";

export type KnownIntent = NonNullable<IntentAnswer["intent"]>;

/** Whether there is one, and it has not ended. */
export const isLive = (intent: Pick<KnownIntent, "state"> | null): boolean => intent?.state === "ACTIVE" || intent?.state === "SUSPENDED";

/** The intent when it is the caller's, live or not; else the error result, which names the caller's live ones. */
export async function readOwnIntent(
  coordination: Coordination,
  intentId: string,
  target?: string,
): Promise<{ readonly intent: KnownIntent; readonly live: boolean } | { readonly answer: Answer }> {
  const { principalId } = await coordination.membership();
  const intent = await coordination.intent(intentId, target);
  if (intent !== null && intent.principal_id === principalId) {
    return { intent, live: isLive(intent) };
  }

  const mine = await liveIntentsOf(coordination, principalId);
  const yours = mine.length === 0 ? "you have no live task" : `your live tasks: ${listed(mine)}`;
  const shown = named(intentId);
  const next: Next[] =
    mine.length === 0 ? [{ tool: "begin_task", why: "announce what you change" }] : [{ why: "the same call with an intent_id of yours" }];
  if (intent === null)
    return { answer: failed({ code: codeOf("intent/unknown"), message: `there is no task ${shown}; ${yours}`, recoverable: true, next }) };
  const message = `the task ${shown} belongs to ${named(intent.principal_id)}, not to you; ${yours}`;
  return { answer: failed({ code: codeOf("intent/not-owner"), message, recoverable: true, next }) };
}

async function liveIntentsOf(coordination: Coordination, principalId: string): Promise<string[]> {
  const { active_intents } = await coordination.summary({ limit: 1000 });
  return active_intents.filter((intent) => intent.principal_id === principalId).map((intent) => intent.intent_id);
}
