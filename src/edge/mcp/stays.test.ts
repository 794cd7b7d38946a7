import { describe, expect, it } from "vitest";
import type { Caller } from "./ports.ts";
import { createStays } from "./stays.ts";

const caller = (name: string, expiresAtMs?: number): Caller => ({
  kind: "proven",
  name,
  principal: undefined,
  identity: undefined,
  mayWrite: true,
  ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
});

/** A clock whose hours a test lets strike. */
function handClock() {
  const due = new Map<number, () => void>();
  return {
    due,
    wallMs: () => 1_000,
    after(delayMs: number, wake: () => void): Disposable {
      due.set(delayMs, wake);
      return { [Symbol.dispose]: () => void due.delete(delayMs) };
    },
  };
}

it("ends what is open when its token runs out, and nothing that is over", () => {
  const clock = handClock();
  const stays = createStays(clock);
  const ended: string[] = [];
  const stay = (name: string, expiresAtMs?: number) =>
    stays.add({
      caller: caller(name, expiresAtMs),
      sessionId: "red",
      isCall: false,
      end: (reason) => void ended.push(`${name}: ${reason}`),
    });
  stay("ana", 61_000);
  stay("bo");
  stay("cy", 31_000)[Symbol.dispose]();

  for (const wake of clock.due.values()) wake();

  expect([[...clock.due.keys()], ended, stays.size]).toEqual([[60_000], ["ana: credential"], 2]);
});

describe("a handover", () => {
  it("ends streams at once, and a call that is over in time never", async () => {
    const clock = handClock();
    const { stays, ended, stay } = recorder(clock);
    stay("ana");
    const call = stay("bo", true);

    const held = stays.hold();
    expect(ended).toEqual(["ana: handover"]);
    call[Symbol.dispose]();
    await held;

    expect([ended, clock.due.size]).toEqual([["ana: handover"], 0]);
  });

  it("ends a call that takes longer", async () => {
    const clock = handClock();
    const { stays, ended, stay } = recorder(clock);
    stay("bo", true);

    const held = stays.hold();
    for (const wake of clock.due.values()) wake();
    await held;

    expect(ended).toEqual(["bo: handover"]);
  });

  it("ends what begins behind it as it begins", async () => {
    const { stays, ended, stay } = recorder(handClock());

    await stays.hold();
    stay("ana", true);

    expect([ended, stays.isHeld]).toEqual([["ana: handover"], true]);
  });
});

function recorder(clock: ReturnType<typeof handClock>) {
  const stays = createStays(clock);
  const ended: string[] = [];
  const stay = (name: string, isCall = false) =>
    stays.add({ caller: caller(name), sessionId: "red", isCall, end: (reason) => void ended.push(`${name}: ${reason}`) });
  return { stays, ended, stay };
}

it("sends away who would not be let in now", () => {
  const stays = createStays(handClock());
  const ended: string[] = [];
  for (const name of ["ana", "bo"])
    stays.add({ caller: caller(name), sessionId: "red", isCall: false, end: (reason) => void ended.push(`${name}: ${reason}`) });

  const sentAway = stays.dismiss({ stillHolds: ({ name }) => name !== "bo" });

  expect([sentAway, ended]).toEqual([1, ["bo: credential"]]);
});

it("sends away by a credential that is given out no more also whose holder has another", () => {
  const stays = createStays(handClock());
  const ended: string[] = [];
  for (const [name, stands] of [
    ["old", false],
    ["new", true],
  ] as const)
    stays.add({ caller: { ...caller("ana"), stands: () => stands }, sessionId: "red", isCall: false, end: () => void ended.push(name) });

  const sentAway = stays.dismiss({ stillHolds: () => true });

  expect([sentAway, ended]).toEqual([1, ["old"]]);
});
