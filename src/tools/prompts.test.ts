import { describe, expect, it } from "vitest";
import { completePrompt, fillPrompt, promptDefinitions, PROMPTS } from "./prompts.ts";
import { TestBoard } from "./board.test.fixture.ts";
import { TestPeers } from "./peers.test.fixture.ts";
import { TestSession } from "./session.test.fixture.ts";
import { caller } from "./worktree.test.fixture.ts";

const definitions = promptDefinitions(PROMPTS);

describe("the prompts as they are listed", () => {
  it("are what they were when they were last looked at", async () => {
    await expect(`${JSON.stringify(definitions, undefined, 2)}\n`).toMatchFileSnapshot("__snapshots__/prompts.txt");
  });
});
