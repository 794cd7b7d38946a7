/** Tells a caller that asked for it how far a call has come that waits for something, every few seconds until it is over. */
import type { ToolContext } from "./ports.ts";

/** Of what is over by then nothing is told, in milliseconds. */
const FIRST_MS = 2_000;

const EVERY_MS = 5_000;

export interface Told {
  /** How long the call waits at most, in milliseconds. */
  readonly limitMs: number;
  /** What is waited for, as it is now. One that fails is left out. */
  readonly say: () => Promise<string>;
}

export async function telling<Result>(
  { progress, signal }: Pick<ToolContext, "progress" | "signal">,
  { limitMs, say }: Told,
  work: () => Promise<Result>,
): Promise<Result> {
  if (progress === undefined || limitMs <= FIRST_MS) return work();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const tellIn = (ms: number, doneMs: number): void => {
    timer = setTimeout(() => {
      void say()
        .then((message) => {
          if (!isOver && signal?.aborted !== true) progress({ done: doneMs / 1_000, total: limitMs / 1_000, message });
        })
        .catch(() => undefined)
        .then(() => isOver || tellIn(EVERY_MS, doneMs + EVERY_MS));
    }, ms);
  };
  tellIn(FIRST_MS, FIRST_MS);
  try {
    return await work();
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}
