/** Callers over HTTP who ask for suspended work, more than once under one id of theirs, and cancel. */
import { describe, expect, it, vi } from "vitest";
import { proven, visited } from "./visitors.test.fixture.ts";
import { callTool } from "../tools/call-tool.ts";
import { REGISTRY } from "../tools/registry.ts";

const ana = proven("ana");

type Session = Awaited<ReturnType<typeof visited>>;

const OPTIONS = { profile: "open", settings: { compliance: "governance" } } as const;

/** A session in which bo has left a task, and dee decides who has it. */
async function left() {
  const session = await visited(OPTIONS);
  await session.says("bo", "HELLO", { display_name: "bo", roles: ["contributor"], capabilities: [] });
  await session.says("bo", "INTENT_ANNOUNCE", { intent_id: "intent-bo", scope: { kind: "file_set", resources: ["a.ts"] } });
  await session.says("bo", "GOODBYE", { reason: "user_exit", intent_disposition: "transfer" });
  await session.says("dee", "HELLO", { display_name: "dee", roles: ["owner"], capabilities: [] });
  return { session, ...claiming(session) };
}

function claiming(session: Session) {
  const claim = async (signal?: AbortSignal) => {
    const context = await session.contextOf(ana, undefined, { signal });
    const args = { original_intent_id: "intent-bo", new_objective: "o", client_request_id: "r" };
    const called = await callTool(REGISTRY, context, "take_over_task", args);
    if (called.outcome !== "result") throw new Error(called.message);
    return called.result;
  };
  /** What waits, and the one of ana's that stands. */
  const standing = () =>
    session.state(({ claims, intents }) => ({
      pending: [...claims.values()].filter(({ state }) => state === "PENDING").length,
      held: [...intents.values()].filter(({ principal, state }) => principal === "ana" && state === "ACTIVE").length,
    }));
  async function decide(decision: "approved" | "rejected"): Promise<void> {
    const [id] = await session.state(({ claims }) => [...claims.keys()]);
    await session.says("dee", "INTENT_CLAIM", { claim_id: id ?? "", extensions: { signalbox: { decision } } });
    await session.settled();
  }
  const approve = () => decide("approved");
  /** Claims, and gives the answer that it was not decided in time. */
  async function claimInVain() {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const called = claim();
    await session.settled();
    vi.advanceTimersByTime(15_000);
    vi.useRealTimers();
    return called;
  }
  /** Claims, and is cancelled while nobody has decided. */
  async function claimAndCancel(): Promise<void> {
    const cancelled = new AbortController();
    const called = claim(cancelled.signal);
    await session.settled();
    cancelled.abort();
    await called;
  }
  return { claim, claimInVain, claimAndCancel, standing, approve, decide };
}

describe("a claim that two calls under one id wait for", () => {
  it("is given to the one that goes on waiting when the other is cancelled", async () => {
    const { session, claim, standing, approve } = await left();
    await using _ = session;
    const cancelled = new AbortController();
    const first = claim(cancelled.signal);
    await session.settled();
    const repeat = claim();
    await session.settled();

    cancelled.abort();
    const gone = await first;
    await approve();

    expect([gone.structured["code"], (await repeat).structured["status"]]).toEqual(["CANCELLED", "ok"]);
    expect(await standing()).toEqual({ pending: 0, held: 1 });
  });

  it("is given up when both are cancelled", async () => {
    const { session, claim, standing } = await left();
    await using _ = session;
    const cancelled = new AbortController();
    const both = [claim(cancelled.signal)];
    await session.settled();
    both.push(claim(cancelled.signal));
    await session.settled();
    const before = await standing();

    cancelled.abort();
    await Promise.all(both);

    expect([before, await standing()]).toEqual([
      { pending: 1, held: 0 },
      { pending: 0, held: 0 },
    ]);
  });
});

describe("a claim that a call told of before it was decided", () => {
  it.each([
    { name: "stays when a repeat is cancelled", heard: true, pending: 1 },
    { name: "is given up where that answer did not leave", heard: false, pending: 0 },
  ])("$name", async ({ heard, pending }) => {
    const { session, claimInVain, claimAndCancel, standing, approve } = await left();
    await using _ = session;
    const told = await claimInVain();
    told.settle?.(heard);
    await session.settled();
    const before = await standing();

    await claimAndCancel();
    const after = await standing();
    await approve();

    expect([told.structured["status"], before, after]).toEqual(["timeout", { pending, held: 0 }, { pending, held: 0 }]);
    expect(await standing()).toEqual({ pending: 0, held: pending });
  });

  it("stays when a repeat is cancelled after a restart, of whose first answer nobody knows any more", async () => {
    const before = await left();
    (await before.claimInVain()).settle?.(true);
    await before.session.end();
    await using session = await visited({ ...OPTIONS, store: before.session.store });
    const { claimAndCancel, standing } = claiming(session);

    await claimAndCancel();

    expect(await standing()).toEqual({ pending: 1, held: 0 });
  });
});

describe("what becomes of a claim after its call was answered", () => {
  type Left = Awaited<ReturnType<typeof left>>;
  const comesBack = ({ session }: Left) =>
    session.says("bo", "HELLO", { display_name: "bo", roles: ["contributor"], capabilities: [], extensions: { signalbox: {} } });

  it.each<{ name: string; what: (there: Left, intentId: string) => Promise<unknown>; says: readonly RegExp[] | undefined }>([
    {
      name: "is told when it was approved",
      what: ({ approve }) => approve(),
      says: [/^your claim on intent-bo was approved by dee: you hold a\.ts as intent-\w+; read what was left there before you edit it$/],
    },
    {
      name: "is told when it was rejected",
      what: ({ decide }) => decide("rejected"),
      says: [/^your claim on intent-bo was rejected \(not_approved\): you hold nothing by it, so work elsewhere$/],
    },
    {
      name: "is told when its owner came back",
      what: comesBack,
      says: [
        /^your claim on intent-bo was withdrawn \(its owner is back and goes on with it\): you hold nothing by it, so work elsewhere$/,
      ],
    },
    {
      name: "is not told to whoever gave it up",
      what: ({ session }, intentId) => session.call(ana, "yield_task", { intent_id: intentId }),
      says: undefined,
    },
  ])("$name, once", async ({ what, says }) => {
    const there = await left();
    await using session = there.session;
    (await there.claimInVain()).settle?.(true);
    const [intentId = ""] = await session.state(({ claims }) => [...claims.values()].map(({ newIntent }) => newIntent));

    await what(there, intentId);
    await session.settled();
    const [told, again] = [await session.call(ana, "who_is_working"), await session.call(ana, "who_is_working")];

    expect(told.notices).toEqual(says?.map((sentence) => expect.stringMatching(sentence) as unknown));
    expect(again.notices).toBeUndefined();
  });

  it("is told by a repeat that waits for it alone", async () => {
    const { session, claim, claimInVain, approve } = await left();
    await using _ = session;
    (await claimInVain()).settle?.(true);
    const repeat = claim();
    await session.settled();

    await approve();
    const { structured } = await repeat;
    const later = await session.call(ana, "who_is_working");

    expect([structured["status"], structured["notices"], later.notices]).toEqual(["ok", undefined, undefined]);
  });

  it("is told by the repeat that asks for it alone", async () => {
    const { session, claim, claimInVain, approve } = await left();
    await using _ = session;
    (await claimInVain()).settle?.(true);
    await approve();

    const { structured } = await claim();

    expect([structured["status"], structured["notices"]]).toEqual(["ok", undefined]);
  });
});

it("lives while its new owner works, also where nobody listened when it was approved", async () => {
  const before = await left();
  (await before.claimInVain()).settle?.(true);
  await before.session.end();
  await using session = await visited({ ...OPTIONS, store: before.session.store });
  const { approve, standing } = claiming(session);
  await session.says("dee", "HELLO", { display_name: "dee", roles: ["owner"], capabilities: [] });
  await session.call(ana, "who_is_working");
  await approve();

  for (let times = 0; times < 3; times += 1) {
    await session.call(ana, "who_is_working");
    await session.pass(10 * 60_000, 60_000);
  }

  expect(await standing()).toEqual({ pending: 0, held: 1 });
});

it("lives while its new owner works, as any task does", async () => {
  const { session, claim, approve, standing } = await left();
  await using _ = session;
  const claiming = claim();
  await session.settled();
  await approve();
  (await claiming).settle?.(true);

  for (let times = 0; times < 3; times += 1) {
    await session.pass(10 * 60_000, 60_000);
    await session.call(ana, "who_is_working");
  }

  expect(await standing()).toEqual({ pending: 0, held: 1 });
});
