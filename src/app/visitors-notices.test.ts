/** What callers over HTTP hear with their next result of what happened in the session between two calls. */
import { expect, it } from "vitest";
import { proven, tokenOf, visited } from "./visitors.test.fixture.ts";

const [ana, bo, cy] = [proven("ana"), proven("bo"), proven("cy")];
const task = { objective: "o", files: ["a.ts"] };

it("are told what the other says of their conflict, and whoever says it is not", async () => {
  await using session = await visited();
  await session.call(cy, "begin_task", { ...task, files: ["c.ts"] });
  await session.call(ana, "begin_task", task);
  const { conflicts } = await session.call(bo, "begin_task", { ...task, on_overlap: "proceed" });
  const conflict_id = (conflicts as { readonly conflict_id: string }[])[0]?.conflict_id ?? "";

  const acked = await session.call(bo, "ack_conflict", { conflict_id, ack_type: "disputed" });
  const told = [await session.call(ana, "who_is_working"), await session.call(ana, "who_is_working")];
  const others = [acked, await session.call(bo, "who_is_working"), await session.call(cy, "who_is_working")];

  expect(told.map(({ notices }) => notices)).toEqual([
    [expect.stringMatching(`^bo disputes conflict ${conflict_id} with you: `)],
    undefined,
  ]);
  expect(others.map(({ notices }) => notices)).toEqual([undefined, undefined, undefined]);
});

it("are not told to keep away by the very call that decides their conflict", async () => {
  await using session = await visited({ settings: { governance: { resolution_timeout_sec: 5 } } });
  const owner = proven("ana", { identity: tokenOf("ana", { roles: ["owner"] }) });
  await session.call(owner, "begin_task", task);
  const { conflicts } = await session.call(bo, "begin_task", { ...task, on_overlap: "proceed" });
  const conflict_id = (conflicts as { readonly conflict_id: string }[])[0]?.conflict_id ?? "";
  await session.call(bo, "ack_conflict", { conflict_id, ack_type: "disputed" });
  await session.pass(10_000);

  const { status, notices } = await session.call(owner, "resolve_conflict", { conflict_id, decision: "merged", rationale: "both" });

  expect([status, notices]).toEqual(["ok", undefined]);
});

it("are told that a scope is free in which they were refused, once", async () => {
  await using session = await visited({ settings: { governance: { resolution_timeout_sec: 5 } } });
  const { intent_id: held } = await session.call(ana, "begin_task", task);
  await session.call(bo, "begin_task", { ...task, on_overlap: "proceed" });
  await session.pass(10_000);
  const refused = await session.call(cy, "begin_task", task);

  await session.call(ana, "yield_task", { intent_id: held });
  await session.settled();
  const told = [await session.call(cy, "who_is_working"), await session.call(cy, "who_is_working")];

  expect(refused).toMatchObject({ code: "SCOPE_FROZEN" });
  expect(told.map(({ notices }) => notices)).toEqual([
    [
      expect.stringMatching(
        /^what conflict \S+ is about is not frozen any more \(.*\): what was refused you there with SCOPE_FROZEN may be tried again$/,
      ),
    ],
    undefined,
  ]);
});

it("lose no notice to a call that was cancelled", async () => {
  await using session = await visited();
  await session.call(ana, "begin_task", task);
  const { conflicts } = await session.call(bo, "begin_task", { ...task, on_overlap: "proceed" });
  const conflict_id = (conflicts as { readonly conflict_id: string }[])[0]?.conflict_id ?? "";
  await session.call(bo, "ack_conflict", { conflict_id, ack_type: "accepted" });

  const unread = await session.call(ana, "who_is_working", {}, undefined, { signal: AbortSignal.abort() });
  const { notices } = await session.call(ana, "who_is_working");

  expect([unread.notices, notices]).toEqual([undefined, [expect.stringContaining("bo accepts")]]);
});
