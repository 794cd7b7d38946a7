import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANSWER_MS, createRequestStates } from "./request-state.ts";

const bound = { tool: "escalate_conflict", args: { conflict_id: "c1" }, caller: "ana" };

describe("a sealed state", () => {
  it("comes back as it went, whatever it is and in whichever order the arguments are written", async () => {
    const states = createRequestStates({ nowMs: () => 0 });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), async (state, args) => {
        const json = JSON.parse(JSON.stringify(state)) as Record<string, never>;
        const sealed = await states.seal(json, { ...bound, args });
        const reversed = Object.fromEntries(Object.entries(args).toReversed());

        expect(await states.open(sealed, { ...bound, args: reversed })).toEqual({ state: json });
      }),
      { numRuns: 50 },
    );
  });

  it("is let in once, and no more when it is written in another way", async () => {
    const states = createRequestStates({ nowMs: () => 0 });
    const sealed = await states.seal({ a: 1 }, bound);

    const both = await Promise.all([states.open(sealed, bound), states.open(sealed, bound)]);

    expect(both.filter((opened) => opened !== undefined)).toHaveLength(1);
    expect(await states.open(`${sealed}=`, bound)).toBeUndefined();
  });

  it.each([
    { why: "another tool", other: { ...bound, tool: "take_over_task" } },
    { why: "other arguments", other: { ...bound, args: { conflict_id: "c2" } } },
    { why: "another caller", other: { ...bound, caller: "bo" } },
  ])("is nothing for $why, and stays good for its own", async ({ other }) => {
    const states = createRequestStates({ nowMs: () => 0 });
    const sealed = await states.seal(undefined, bound);

    expect(await states.open(sealed, other)).toBeUndefined();
    expect(await states.open(sealed, bound)).toEqual({ state: undefined });
  });

  it("is nothing with any bit of it altered, and nothing of another process", async () => {
    const states = createRequestStates({ nowMs: () => 0 });
    const bytes = Buffer.from(await states.seal({ a: 1 }, bound), "base64url");
    const altered = Array.from(bytes, (byte, at) => {
      const copy = Buffer.from(bytes);
      copy[at] = byte ^ 1;
      return copy.toString("base64url");
    });

    for (const sealed of [...altered, "", "AAAA", "x".repeat(10_000)]) expect(await states.open(sealed, bound)).toBeUndefined();
    expect(await createRequestStates({ nowMs: () => 0 }).open(bytes.toString("base64url"), bound)).toBeUndefined();
  });

  it("is good until its time is over", async () => {
    let nowMs = 0;
    const states = createRequestStates({ nowMs: () => nowMs });
    const [early, late] = [await states.seal({}, bound), await states.seal({}, bound)];

    nowMs = ANSWER_MS - 1;
    expect(await states.open(early, bound)).toEqual({ state: {} });
    nowMs = ANSWER_MS;
    expect(await states.open(late, bound)).toBeUndefined();
  });

  it("is not let in twice however many were used since, of which few are remembered", async () => {
    let nowMs = 0;
    const states = createRequestStates({ nowMs: () => nowMs, maxUsed: 2 });
    const sealed: string[] = [];
    for (nowMs = 0; nowMs < 6; nowMs += 1) sealed.push(await states.seal({ nowMs }, bound));

    for (const state of sealed) expect(await states.open(state, bound)).toBeDefined();
    for (const state of sealed) expect(await states.open(state, bound)).toBeUndefined();
  });
});
