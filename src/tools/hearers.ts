/**
 * Who may have heard of one thing that several calls are about, as a repeat under the same `client_request_id` is, or a lane that
 * is claimed once more: a call whose answer got lost gives the thing up only where no other call has told of it, or still may.
 */
import type { ToolContext } from "./ports.ts";

/** A call that may tell somebody of a thing. */
export interface Hearer {
  /** The thing was there before, and an earlier call told of it that is not remembered here. */
  stood(): void;
  /** The thing is new, and whatever was told of under its key before is another. */
  began(): void;
  /** The answer that tells of it has left. */
  told(): void;
  /** Nobody hears of the thing by this call; it is given up where nobody does by another one either. */
  leave(giveUp?: () => Promise<unknown>): Promise<unknown>;
}

interface Thing {
  /** Calls that are under way. */
  asking: number;
  /** Calls that have told of it. */
  told: number;
  /** Counts the things of this key. */
  number: number;
  /** Set while it is given up. */
  ending?: Promise<unknown>;
}

type Things = Map<string, Thing>;

/**
 * Things of one place that are remembered when no call about them is under way. One that is forgotten counts as heard of by
 * whoever asks again, and is then remembered anew.
 */
const MOST_KNOWN = 1_000;

/** By the files of the place, which are the same for each call there. */
const places = new WeakMap<ToolContext["files"], Things>();

/**
 * Takes part before it is looked whether the thing stands: what stands then is not given up by another call.
 *
 * @param key - of the thing, and of nothing else in its place
 */
export async function hearerOf({ files }: Pick<ToolContext, "files">, key: string): Promise<Hearer> {
  const things: Things = places.get(files) ?? new Map<string, Thing>();
  places.set(files, things);
  for (let ending = things.get(key)?.ending; ending !== undefined; ending = things.get(key)?.ending) await ending.catch(() => undefined);
  const thing = things.get(key) ?? { asking: 0, told: 0, number: 0 };
  const isAlone = !isNeeded(thing);
  let state: "asking" | "gone" | { readonly toldOf: number } = "asking";
  thing.asking += 1;
  remember(things, key, thing);
  return {
    stood() {
      if (isAlone) thing.told += 1;
    },
    began() {
      thing.told = 0;
      thing.number += 1;
    },
    told() {
      if (state !== "asking") return;
      state = { toldOf: thing.number };
      thing.asking -= 1;
      thing.told += 1;
    },
    async leave(giveUp) {
      if (state === "gone") return;
      const isOver = state !== "asking" && state.toldOf !== thing.number;
      if (!isOver) thing[state === "asking" ? "asking" : "told"] -= 1;
      state = "gone";
      if (isOver || isNeeded(thing) || isNeeded(things.get(key))) return;
      const ending = giveUp?.() ?? Promise.resolve();
      thing.ending = ending.finally(() => {
        if (things.get(key) === thing) things.delete(key);
      });
      things.set(key, thing); // whoever asks meanwhile waits for it, also where it was forgotten
      await thing.ending;
    },
  };
}

/** Somebody speaks of the thing, and so has heard of it. */
export function heardOf({ files }: Pick<ToolContext, "files">, key: string): void {
  const thing = places.get(files)?.get(key);
  if (thing !== undefined) thing.told += 1;
}

/** Whether some call has told of it, or may. The one that is remembered under a key may be another than that of an earlier call. */
const isNeeded = (thing: Thing | undefined): boolean => thing !== undefined && thing.asking + thing.told > 0;

function remember(things: Things, key: string, thing: Thing): void {
  things.delete(key);
  things.set(key, thing);
  if (things.size <= MOST_KNOWN) return;
  for (const [old, { asking, ending }] of things) {
    if (asking > 0 || ending !== undefined) continue;
    things.delete(old);
    return;
  }
}
