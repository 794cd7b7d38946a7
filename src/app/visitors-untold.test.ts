/** Lanes whose answer nobody heard of, on the session's own board. */
import { expect, it } from "vitest";
import { proven, visited } from "./visitors.test.fixture.ts";
import { callTool } from "../tools/call-tool.ts";
import { REGISTRY } from "../tools/registry.ts";
import type { ToolResult } from "../tools/tool.ts";

const ana = proven("ana");
const bo = proven("bo");

/** Claims of the lane `l` by ana, each answered and not yet settled, and whether bo can have it afterwards. */
async function claims() {
  const session = await visited();
  async function claim(): Promise<ToolResult> {
    const called = await callTool(REGISTRY, await session.contextOf(ana), "claim_lane", { lane: "l" });
    if (called.outcome !== "result") throw new Error(called.message);
    return called.result;
  }
  async function isFree(): Promise<boolean> {
    await session.settled();
    return (await session.call(bo, "claim_lane", { lane: "l" }))["ok"] === true;
  }
  return { session, claim, isFree };
}

it.each([
  { name: "is free again when the only answer about it is not read", heard: ["unread"], free: true },
  { name: "stays with whoever renewed it and was told", heard: ["unread", "told"], free: false },
  { name: "stays with whoever was told and renewed it unheard", heard: ["told", "lost"], free: false },
  { name: "is free again when nobody was told, however often it was claimed", heard: ["lost", "unread", "lost"], free: true },
])("a lane $name", async ({ heard, free }) => {
  const { session, claim, isFree } = await claims();
  await using _ = session;
  const answers = [];
  for (const how of heard) answers.push({ how, settle: (await claim()).settle });

  const takeBacks = answers.map(({ how, settle }) => ({ how, takeBack: settle?.(how !== "lost") }));
  for (const { how, takeBack } of takeBacks) if (how === "unread") takeBack?.(true);

  expect(await isFree()).toBe(free);
});

it("a lane that was released and claimed once more, unheard, is free again", async () => {
  const { session, claim, isFree } = await claims();
  await using _ = session;
  (await claim()).settle?.(true);
  await session.call(ana, "release_lane", { lane: "l" });

  (await claim()).settle?.(false);

  expect(await isFree()).toBe(true);
});
