import { describe, expect, it } from "vitest";
import { completeResource, readResource, RESOURCES, resourceDefinitions } from "./resources.ts";
import { canonicalUri, fileUri, resourceAt } from "./resources/uri.ts";
import { NOW_MS, TestSession } from "./session.test.fixture.ts";
import { TestBoard } from "./board.test.fixture.ts";
import { TestPeers } from "./peers.test.fixture.ts";
import { caller, refOf } from "./worktree.test.fixture.ts";

const definitions = resourceDefinitions(RESOURCES);

describe("the resources as they are listed", () => {
  it("are what they were when they were last looked at", async () => {
    await expect(`${JSON.stringify(definitions, undefined, 2)}\n`).toMatchFileSnapshot("__snapshots__/resources.txt");
  });

  it("have names and addresses of their own, and are short", () => {
    expect(new Set(definitions.map(({ name }) => name)).size).toBe(definitions.length);
    expect(new Set(definitions.map(({ uri }) => uri)).size).toBe(definitions.length);
    for (const definition of definitions) expect(JSON.stringify(definition).length).toBeLessThan(500);
  });
});
