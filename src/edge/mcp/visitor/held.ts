/**
 * The live tasks of one participant as they were last seen, so that the next answer says which of them ended without its
 * doing, and why.
 */
import { liveIntentsOf } from "../../../core/session/read.ts";
import type { SessionState } from "../../../core/session/state.ts";
import type { Intent } from "../../../core/session/state/intents.ts";
import { endedSentence } from "../../../tools/ended-task.ts";
import type { IntentId, PrincipalId } from "../../../wire/ids.ts";

export interface HeldTask {
  readonly objective: string;
  readonly files: readonly string[];
  readonly renews: boolean;
}

export interface Ended extends HeldTask {
  readonly intentId: string;
  /** The session's word for it; `away` where it knows nothing of it any more. */
  readonly reason: string;
}

/** What stands of somebody's tasks in this moment. */
export interface Standing {
  readonly live: readonly Intent[];
  readonly ended: readonly Ended[];
}

export interface HeldTasks {
  has(intentId: string): boolean;
  add(intentId: string, task: HeldTask): void;
  /** It ended by its owner's own word. */
  drop(intentId: string): void;
  readonly size: number;
  /** Compares with what stands; asked of the state itself. */
  standing(state: Readonly<SessionState>, principal: PrincipalId | undefined): Standing;
  /** Takes notice of what stands. */
  learn(standing: Standing): void;
}

export function createHeldTasks(): HeldTasks {
  const held = new Map<string, HeldTask>();

  function endOf(state: Readonly<SessionState>, intentId: string, task: HeldTask): Ended[] {
    const intent = state.intents.get(intentId as IntentId);
    // What replaced it was announced by its owner, who was told.
    if (intent?.state === "SUPERSEDED") return [];
    return [{ ...task, intentId, reason: intent?.endReason ?? "away" }];
  }

  return {
    has: (intentId) => held.has(intentId),
    add: (intentId, task) => void held.set(intentId, task),
    drop: (intentId) => void held.delete(intentId),
    get size() {
      return held.size;
    },
    standing(state, principal) {
      const live = principal === undefined ? [] : liveIntentsOf(state, principal);
      const ids = new Set<string>(live.map(({ id }) => id));
      return { live, ended: [...held].flatMap(([id, task]) => (ids.has(id) ? [] : endOf(state, id, task))) };
    },
    learn({ live }) {
      const before = new Map(held);
      held.clear();
      for (const intent of live) held.set(intent.id, before.get(intent.id) ?? taskOf(intent));
    },
  };
}

function taskOf({ objective, resources, renews }: Intent): HeldTask {
  return { objective, files: resources.map(({ path }) => path), renews };
}

export function sentenceOf(ended: Ended, idleMs: number): string {
  return endedSentence(ended, ended.reason, idleMs);
}
