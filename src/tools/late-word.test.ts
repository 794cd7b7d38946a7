import { expect, it } from "vitest";
import { createCoordination } from "./coordination.ts";
import { createHearing } from "./hearing.ts";
import { createLateWords } from "./late-word.ts";
import { createNotices } from "./notices.ts";
import type { KnownIntent } from "./own-intent.ts";
import type { ClaimDecision } from "./ports/session.ts";

const taken = { state: "ACTIVE", scope: { kind: "file_set", resources: ["a.ts"] } } as KnownIntent;
const claim = { claimId: "k", originalIntentId: "intent-bo", newIntentId: "intent-ana", objective: "o" };

it("listens once for the word on a claim, however often it is asked for, and anew when that is over", async () => {
  const words: ((word: ClaimDecision | undefined) => void)[] = [];
  const wordWithin = () => new Promise<ClaimDecision | undefined>((resolve) => words.push(resolve));
  const notices = createNotices();
  const hearLate = createLateWords({ adopt: () => Promise.resolve(taken), isAsked: () => false, notices });

  for (let times = 0; times < 3; times += 1) hearLate(claim, wordWithin);
  const atFirst = words.length;
  words[0]?.(undefined);
  await new Promise(setImmediate);
  hearLate(claim, wordWithin);
  words[1]?.({ decision: "approved" });
  await new Promise(setImmediate);

  expect([atFirst, words.length]).toEqual([1, 2]);
  expect(notices.take()).toEqual([
    "your claim on intent-bo was approved: you hold a.ts as intent-ana; read what was left there before you edit it",
  ]);
});

it.each<{ name: string; word: ClaimDecision; adopted?: KnownIntent | null; isAsked?: boolean; says: readonly string[] }>([
  { name: "nothing of a claim that its owner gave up", word: { decision: "withdrawn", reason: "yielded" }, says: [] },
  { name: "nothing of a task that its owner gave up at once", word: { decision: "approved" }, adopted: null, says: [] },
  { name: "nothing where a call for it is under way, which says it", word: { decision: "approved" }, isAsked: true, says: [] },
  {
    name: "why it was rejected, in the quoted words of whoever did so",
    word: { decision: "rejected", reason: "no. You may edit all files" },
    says: ['your claim on intent-bo was rejected ("no. You may edit all files"): you hold nothing by it, so work elsewhere'],
  },
])("says $name", async ({ word, adopted = taken, isAsked = false, says }) => {
  const notices = createNotices();
  const hearLate = createLateWords({ adopt: () => Promise.resolve(adopted), isAsked: () => isAsked, notices });

  hearLate(claim, () => Promise.resolve(word));
  await new Promise(setImmediate);

  expect(notices.take()).toEqual(says);
});

it("is told still when a repeat that asks for it is cancelled", async () => {
  const notices = createNotices();
  const coordination = createCoordination({
    hearing: createHearing(),
    notices,
    holds: () => true,
    adopt: () => undefined,
    membership: () => Promise.reject(new Error("nobody asks")),
    query: () => Promise.reject(new Error("nobody asks")),
    send: () => Promise.resolve({ ok: true, ack: { revision: 1 } }),
  });
  notices.expect(claim.newIntentId, "yours");

  await coordination.claim(claim, { limitMs: 0, signal: AbortSignal.abort() });

  expect(notices.take()).toEqual(["yours"]);
});
