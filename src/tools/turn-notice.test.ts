import { expect, it } from "vitest";
import { createCoordination } from "./coordination.ts";
import { createHearing, type Hearing } from "./hearing.ts";
import { createNotices } from "./notices.ts";

/** The session over something that carries everything and answers nothing but that it is done. */
function spoken() {
  const hearing = createHearing();
  const held = new Set<string>();
  const withdrawn: unknown[] = [];
  const notices = createNotices();
  let listening = 0;
  const counted: Hearing = {
    hear: hearing.hear,
    until: (look, wait) => {
      listening += 1;
      return hearing.until(look, wait).finally(() => (listening -= 1));
    },
  };
  const coordination = createCoordination({
    hearing: counted,
    notices,
    holds: (intentId) => held.has(intentId),
    adopt: () => undefined,
    membership: () => Promise.reject(new Error("nobody asks")),
    query: () => Promise.reject(new Error("nobody asks")),
    async send(type, payload) {
      if (type === "INTENT_WITHDRAW") withdrawn.push(payload["intent_id"]);
      return { ok: true, ack: { revision: 1, waiting: { deferral_id: "d" } } };
    },
  });
  async function begin(intentId: string): Promise<void> {
    held.add(intentId);
    hearing.hear();
    await new Promise(setImmediate);
  }
  return { coordination, notices, withdrawn, begin, listening: () => listening };
}

const announcement = { objective: "o", files: ["a.ts"], onOverlap: "wait", ttlSec: 900, renews: true, requestId: "r" } as const;

it("listens once for the turn of each place whose calls were cancelled, however many they are", async () => {
  const { coordination, withdrawn, begin, listening } = spoken();

  for (let times = 0; times < 5; times += 1) for (const id of ["i", "k"]) coordination.unheard?.(id);
  await new Promise(setImmediate);
  const atFirst = listening();
  await begin("i");

  expect([atFirst, listening(), withdrawn]).toEqual([2, 1, ["i"]]);
});

it("listens no more for a place that was given up", async () => {
  const { coordination, listening } = spoken();
  coordination.unheard?.("i");

  await coordination.withdraw("i", "yielded");
  await new Promise(setImmediate);

  expect(listening()).toBe(0);
});

it("gives up no task that began while another call for it is under way, which tells of it", async () => {
  const { coordination, withdrawn, begin, listening } = spoken();
  coordination.unheard?.("i");
  await coordination.announce({ ...announcement, intentId: "i" });
  const again = coordination.untilBegun("i", { limitMs: 60_000, signal: undefined });

  await begin("i");
  await again;

  expect([withdrawn, listening()]).toEqual([[], 0]);
});

it("tells nobody of a task that is being given up", async () => {
  const { coordination, notices, begin } = spoken();
  await coordination.announce({ ...announcement, intentId: "i" });
  await begin("i");

  const giving = coordination.withdraw("i", "yielded");
  const meanwhile = notices.take();
  await giving;

  expect([meanwhile, notices.take()]).toEqual([[], []]);
});

it("tells nobody of a turn while a call for it is under way, which tells it, also when another one has ended", async () => {
  const { coordination, notices, begin } = spoken();
  await coordination.announce({ ...announcement, intentId: "i" });
  const waiting = coordination.untilBegun("i", { limitMs: 60_000, signal: undefined });
  await coordination.untilBegun("i", { limitMs: 60_000, signal: AbortSignal.abort() });
  const heard = begin("i");

  const meanwhile = notices.take();
  await Promise.all([heard, waiting]);

  expect(meanwhile).toEqual([]);
});
