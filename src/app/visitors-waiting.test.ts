/** Callers over HTTP who wait for their turn: with a request they are there again, whatever became of their place meanwhile. */
import { expect, it } from "vitest";
import { proven, visited } from "./visitors.test.fixture.ts";

const ana = proven("ana");
const bo = proven("bo");
const task = { objective: "o", files: ["a.ts"] };

it("have their turn after a restart when they have come again", async () => {
  const before = await visited();
  const { intent_id: held } = await before.call(ana, "begin_task", task);
  const { ticket } = await before.call(bo, "begin_task", { ...task, on_overlap: "wait", wait_s: 0 });
  await before.end();

  await using session = await visited({ store: before.store });
  await session.call(bo, "who_is_working");
  await session.call(ana, "yield_task", { intent_id: held });
  await session.settled();

  expect(await session.state(({ intents }) => intents.get(ticket as never)?.state)).toBe("ACTIVE");
});

const toldOf = (ticket: unknown): string =>
  `your turn came: you hold a.ts as ${String(ticket)}, for "o"; read what others left there before you edit it, and yield_task {"intent_id":"${String(ticket)}"} when you are done`;

type Session = Awaited<ReturnType<typeof visited>>;

/** A session in which bo waits for what ana holds, and what ends that. */
async function waitsForAna(session: Session, more: object = {}) {
  const { intent_id: held } = await session.call(ana, "begin_task", task);
  const { ticket } = await session.call(bo, "begin_task", { ...task, on_overlap: "wait", wait_s: 0, ...more });
  async function end(): Promise<void> {
    await session.call(ana, "yield_task", { intent_id: held });
    await session.settled();
  }
  return { ticket, end };
}

it.each([
  { name: "whichever tool it is", tool: "check_overlap", args: { files: ["b.ts"] }, more: {} },
  { name: "also where a sub-agent of theirs waits", tool: "who_is_working", args: {}, more: { agent: "tester" } },
])("are told of their turn with the next result, $name, once", async ({ tool, args, more }) => {
  await using session = await visited();
  const { ticket, end } = await waitsForAna(session, more);

  const before = await session.call(bo, tool, args);
  await end();
  const [told, again] = [await session.call(bo, tool, args), await session.call(bo, tool, args)];

  expect([before, told, again].map(({ notices }) => notices)).toEqual([undefined, [toldOf(ticket)], undefined]);
});

it("are told of their turn by the call that waits for it alone, or that asks for it", async () => {
  await using session = await visited();
  const first = await waitsForAna(session);
  const waiting = session.call(bo, "begin_task", { ...task, ticket: first.ticket, wait_s: 40 });
  await session.settled();
  await first.end();
  const waited = await waiting;
  await session.call(bo, "yield_task", { intent_id: first.ticket });
  const second = await waitsForAna(session);
  await second.end();
  const asked = await session.call(bo, "begin_task", { ...task, ticket: second.ticket });

  const later = await session.call(bo, "who_is_working");

  expect([waited["status"], asked["status"]]).toEqual(["ok", "ok"]);
  expect([waited, asked, later].map(({ notices }) => notices)).toEqual([undefined, undefined, undefined]);
});

it("are told of no turn that they gave up, nor of one that somebody else had", async () => {
  await using session = await visited();
  const { ticket, end } = await waitsForAna(session);
  await session.call(bo, "yield_task", { intent_id: ticket });
  await end();

  const told = [await session.call(bo, "who_is_working"), await session.call(ana, "who_is_working")];

  expect(told.map(({ notices }) => notices)).toEqual([undefined, undefined]);
});

it.each([
  { name: "their own", by: bo, more: {}, waits: 0 },
  { name: "that of a sub-agent of theirs", by: bo, more: { agent: "tester" }, waits: 0 },
  { name: "and not that of others", by: ana, more: {}, waits: 1 },
])("give up a place by its ticket, $name", async ({ by, more, waits }) => {
  await using session = await visited();
  const { ticket } = await waitsForAna(session, more);

  const { status } = await session.call(by, "yield_task", { intent_id: ticket });

  expect(status).toBe(waits === 0 ? "ok" : "error");
  expect(await session.state((state) => state.waiting.size)).toBe(waits);
});

it.each([
  { name: "is given up at its turn where no call was answered since", since: undefined, becomes: "WITHDRAWN" },
  { name: "is held, and told of, where a call for it was answered since", since: "begin_task", becomes: "ACTIVE" },
  { name: "is held, and told of, where another call was answered since", since: "who_is_working", becomes: "ACTIVE" },
])("have a place after a call that was cancelled, whose task $name", async ({ since, becomes }) => {
  await using session = await visited();
  const { ticket, end } = await waitsForAna(session);
  const cancelled = new AbortController();
  const waiting = session.call(bo, "begin_task", { ...task, ticket }, undefined, { signal: cancelled.signal });
  await session.settled();
  cancelled.abort();
  await waiting;
  expect(await session.state((state) => state.waiting.size)).toBe(1);

  if (since !== undefined) await session.call(bo, since, since === "begin_task" ? { ...task, ticket, wait_s: 0 } : {});
  await end();
  const { notices } = await session.call(bo, "who_is_working");

  expect(await session.state(({ intents }) => intents.get(ticket as never)?.state)).toBe(becomes);
  expect(notices).toEqual(since === undefined ? undefined : [toldOf(ticket)]);
});

it("have a turn that comes while they ask for it anew, after a call that was cancelled", async () => {
  await using session = await visited();
  const { ticket, end } = await waitsForAna(session);
  const cancelled = new AbortController();
  const first = session.call(bo, "begin_task", { ...task, ticket }, undefined, { signal: cancelled.signal });
  await session.settled();
  cancelled.abort();
  await first;

  const again = session.call(bo, "begin_task", { ...task, ticket });
  await session.settled();
  await end();

  expect(await again).toMatchObject({ status: "ok", intent_id: ticket });
  expect(await session.state(({ intents }) => intents.get(ticket as never)?.state)).toBe("ACTIVE");
});
