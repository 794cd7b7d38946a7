/** Many who each say the next thing as soon as the last is answered. */
import type { Announcement, Talker } from "./talker.ts";

/** Answers a second, of all of them together. */
export async function closedLoop(talkers: readonly Talker[], texts: readonly (readonly string[])[]): Promise<number> {
  const began = performance.now();
  await Promise.all(
    talkers.map(async (talker, index) => {
      for (const text of texts[index] ?? []) await talker.ask(text);
    }),
  );
  const count = texts.reduce((sum, own) => sum + own.length, 0);
  return (count * 1_000) / (performance.now() - began);
}

export const textsOf = (announced: readonly Announcement[]): string[] => announced.map(({ text }) => text);
