import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { refOf } from "../git/file-state.ts";
import { prepareReplacement } from "../git/replace-file.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { withdrawalId } from "../tools/operation-id.ts";
import { IntentId, OpId } from "../wire/ids.ts";
import { bridgeIn } from "./bridge.test.fixture.ts";
import { finishPending, hash } from "./recovery.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

/** Makes the notes those of a process that has ended. */
async function disown(notesIn: string): Promise<void> {
  const folder = join(notesIn, "signalbox-pending");
  for (const name of await readdir(folder)) await rename(join(folder, name), join(folder, name.replace(/\.claimed-.*/, "")));
}

describe("a change that an earlier bridge left under way", () => {
  /** Ana's task over `a.txt`, and a change of it from `one` to `two` that was prepared and not put in place. */
  async function interrupted(recorded: boolean) {
    const scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await writeFile(join(repo, "a.txt"), "one");
    const sidecar = await sidecarFor(repo);
    const ana = bridgeIn(scratch, repo);
    const { intent_id: intentId } = (await ana.call("begin_task", { objective: "o", files: ["a.txt"] })) as { intent_id: string };
    const { coordination } = (await ana.context()).tools;
    const fence = (await coordination.intent(intentId))?.fence ?? 0;
    const [before, after] = [refOf(Buffer.from("one")), refOf(Buffer.from("two"))];
    const notesIn = join(repo, ".git");
    const journal = { gitDir: notesIn, intentId: IntentId.parse(intentId), stateRefBefore: before, createdAtMs: 0 };
    const answer = await prepareReplacement({ root: repo, path: "a.txt", content: "two", opId: OpId.parse("op-1"), journal });
    if (!answer.ok) throw new Error(answer.why);
    const commit = {
      opId: "op-1",
      intentId,
      fence,
      target: "a.txt",
      opKind: "replace",
      stateRefBefore: before,
      stateRefAfter: after,
    } as const;
    if (recorded) await coordination.commit({ ...commit, observed: before });
    await disown(notesIn);

    const told: string[] = [];
    return {
      repo,
      told,
      finish: () =>
        finishPending({ root: repo, notesIn, holding: () => Promise.resolve(coordination), tell: (sentence) => told.push(sentence) }),
      notes: () => readdir(join(notesIn, "signalbox-pending")),
      text: () => readFile(join(repo, "a.txt"), "utf8"),
      operations: async () => (await coordination.intent(intentId))?.operations.map(({ op_id, state }) => [op_id, state]),
      untidy: async () => (await scratch.git(repo, "status", "--porcelain")).split("\n").filter((line) => line.includes("signalbox")),
      async [Symbol.asyncDispose]() {
        await ana[Symbol.asyncDispose]();
        await sidecar[Symbol.asyncDispose]();
        await scratch[Symbol.asyncDispose]();
      },
    };
  }

  it("is put in place when it was recorded", async () => {
    await using change = await interrupted(true);

    await change.finish();
    await change.finish();

    expect(await change.text()).toBe("two");
    expect(await change.operations()).toEqual([["op-1", "COMMITTED"]]);
    expect(change.told).toEqual([expect.stringMatching(/^the change of "a\.txt" .* is in place now$/)]);
    expect([await change.notes(), await change.untidy()]).toEqual([[], []]);
  });

  it("never was when it was not recorded", async () => {
    await using change = await interrupted(false);

    await change.finish();

    expect(await change.text()).toBe("one");
    expect(await change.operations()).toEqual([]);
    expect(change.told).toEqual([expect.stringMatching(/had not been recorded; "a\.txt" was not touched$/)]);
    expect([await change.notes(), await change.untidy()]).toEqual([[], []]);
  });

  it("is taken back when the target has changed since, and its text is kept", async () => {
    await using change = await interrupted(true);
    await writeFile(join(change.repo, "a.txt"), "three");

    await change.finish();
    const [line = ""] = await change.untidy();

    expect(await change.text()).toBe("three");
    expect(await change.notes()).toEqual([]);
    expect(await change.operations()).toEqual([
      ["op-1", "SUPERSEDED"],
      [withdrawalId({ hash }, "op-1"), "COMMITTED"],
    ]);
    expect(change.told).toEqual([
      expect.stringMatching(/"a\.txt" had changed: it has been taken back; the text is kept in ".*signalbox.*"$/),
    ]);
    expect(await readFile(join(change.repo, line.slice(3)), "utf8")).toBe("two");
  });
});
