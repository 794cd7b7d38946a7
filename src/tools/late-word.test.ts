import { expect, it } from "vitest";
import { createLateWords } from "./late-word.ts";
import { createNotices } from "./notices.ts";
import type { ClaimDecision } from "./ports/session.ts";

const claim = { claimId: "k", originalIntentId: "intent-bo", newIntentId: "intent-ana", objective: "o" };

it("listens once for the word on a claim, however often it is asked for, and anew when that is over", async () => {
  const words: ((word: ClaimDecision | undefined) => void)[] = [];
  const wordWithin = () => new Promise<ClaimDecision | undefined>((resolve) => words.push(resolve));
  const notices = createNotices();
  const hearLate = createLateWords({ adopt: () => Promise.resolve(null), notices });

  for (let times = 0; times < 3; times += 1) hearLate(claim, wordWithin);
  const atFirst = words.length;
  words[0]?.(undefined);
  await new Promise(setImmediate);
  hearLate(claim, wordWithin);
  words[1]?.({ decision: "approved" });
  await new Promise(setImmediate);

  expect([atFirst, words.length]).toEqual([1, 2]);
  expect(notices.take()).toEqual([
    "your claim on intent-bo was approved: you hold it as intent-ana; read what was left there before you edit it",
  ]);
});

it("says nothing of a claim that its owner gave up", async () => {
  const notices = createNotices();
  const hearLate = createLateWords({ adopt: () => Promise.resolve(null), notices });

  hearLate(claim, () => Promise.resolve({ decision: "withdrawn", reason: "yielded" }));
  await new Promise(setImmediate);

  expect(notices.take()).toEqual([]);
});
