/** What an agent hears with its next result of what happened in the session between two calls, and its places there. */
import { expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { type Bridge, bridgeIn } from "./bridge.test.fixture.ts";
import { eventually } from "./eventually.test.fixture.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

type Result = Awaited<ReturnType<Bridge["call"]>>;

const task = { objective: "o", files: ["a.ts"] };

const call = (bridge: Bridge, tool: string, args: object = {}): Promise<Result> => bridge.call(tool, args);

async function notice(bridge: Bridge): Promise<unknown> {
  return eventually(async () => (await call(bridge, "who_is_working"))["notices"]);
}

it("is told of a turn that came by itself, a sub-agent's as well, once", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using _sidecar = await sidecarFor(repo);
  await using ana = bridgeIn(scratch, repo);
  await using bo = bridgeIn(scratch, repo, { principal: "bo" });
  const held = await call(ana, "begin_task", { ...task, files: ["a.ts", "b.ts"] });
  const own = await call(bo, "begin_task", { ...task, on_overlap: "wait", wait_s: 0 });
  const agents = await call(bo, "begin_task", { ...task, files: ["b.ts"], on_overlap: "wait", wait_s: 0, agent: "tester" });

  await call(ana, "yield_task", { intent_id: held["intent_id"] });
  const told: string[] = [];
  await eventually(async () => {
    const { notices } = await call(bo, "who_is_working");
    told.push(...((notices ?? []) as string[]));
    return told.length < 2 ? undefined : told;
  });
  const later = await call(bo, "who_is_working");

  expect(told.toSorted()).toEqual([
    expect.stringContaining(`your turn came: you hold a.ts as ${String(own["ticket"])}, for "o";`),
    expect.stringContaining(`your turn came: you hold b.ts as ${String(agents["ticket"])}, for "o";`),
  ]);
  expect(later["notices"]).toBeUndefined();
});

it("is told what the other says of their conflict, and whoever says it is not", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using _sidecar = await sidecarFor(repo);
  await using ana = bridgeIn(scratch, repo);
  await using bo = bridgeIn(scratch, repo, { principal: "bo" });
  await using cy = bridgeIn(scratch, repo, { principal: "cy" });
  await call(cy, "who_is_working");
  await call(ana, "begin_task", task);
  const { conflicts } = await call(bo, "begin_task", { ...task, on_overlap: "proceed" });
  const conflict_id = (conflicts as { readonly conflict_id: string }[])[0]?.conflict_id ?? "";

  const acked = await call(bo, "ack_conflict", { conflict_id, ack_type: "accepted" });
  const told = await notice(ana);
  const others = [acked, await call(bo, "who_is_working"), await call(cy, "who_is_working")];

  expect(told).toEqual([`bo accepts conflict ${conflict_id} with you and will merge: go on, and read a file anew before you change it`]);
  expect(others.map(({ notices }) => notices)).toEqual([undefined, undefined, undefined]);
});

it("is not told to keep away by the very call that decides its conflict", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using _sidecar = await sidecarFor(repo, {}, { governance: { resolution_timeout_sec: 0.05 } });
  await using ana = bridgeIn(scratch, repo, { variables: { MPAC_AGENT_ROLES: "owner" } });
  await using bo = bridgeIn(scratch, repo, { principal: "bo" });
  await using cy = bridgeIn(scratch, repo, { principal: "cy" });
  await call(ana, "begin_task", task);
  const { conflicts } = await call(bo, "begin_task", { ...task, on_overlap: "proceed" });
  const conflict_id = (conflicts as { readonly conflict_id: string }[])[0]?.conflict_id ?? "";
  await call(bo, "ack_conflict", { conflict_id, ack_type: "disputed" });
  await eventually(async () => ((await call(cy, "begin_task", task))["code"] === "SCOPE_FROZEN" ? true : undefined));

  const { status, notices } = await call(ana, "resolve_conflict", { conflict_id, decision: "merged", rationale: "both" });

  expect([status, notices]).toEqual(["ok", undefined]);
});

it("is told that a scope is free in which it was refused", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using _sidecar = await sidecarFor(repo, {}, { governance: { resolution_timeout_sec: 0.05 } });
  await using ana = bridgeIn(scratch, repo);
  await using bo = bridgeIn(scratch, repo, { principal: "bo" });
  await using cy = bridgeIn(scratch, repo, { principal: "cy" });
  const held = await call(ana, "begin_task", task);
  await call(bo, "begin_task", { ...task, on_overlap: "proceed" });
  await eventually(async () => ((await call(cy, "begin_task", task))["code"] === "SCOPE_FROZEN" ? true : undefined));

  await call(ana, "yield_task", { intent_id: held["intent_id"] });

  expect(await notice(cy)).toEqual([
    expect.stringMatching(
      /^what conflict \S+ is about is not frozen any more \(.*\): what was refused you there with SCOPE_FROZEN may be tried again$/,
    ),
  ]);
});

it("gives up a sub-agent's place by its ticket, and nobody else's", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using _sidecar = await sidecarFor(repo);
  await using ana = bridgeIn(scratch, repo);
  await using bo = bridgeIn(scratch, repo, { principal: "bo" });
  await call(ana, "begin_task", task);
  const { ticket } = await call(bo, "begin_task", { ...task, on_overlap: "wait", wait_s: 0, agent: "tester" });

  const yields = [await call(ana, "yield_task", { intent_id: ticket }), await call(bo, "yield_task", { intent_id: ticket })];

  expect(yields.map(({ status, code }) => [status, code])).toEqual([
    ["error", "INTENT_UNKNOWN"],
    ["ok", undefined],
  ]);
});
