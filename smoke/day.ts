/**
 * Smoke: a day of two agents in two worktrees of a real repository of a few thousand files, with the sidecar killed in
 * between and in the middle of calls. Nothing that was acknowledged is lost, and nothing of the user's git is touched.
 *
 * `--files` of the repository, `--rounds` of killing in mid-call, `--seed` of their moments.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { chance, seedFrom } from "./support/chance.ts";
import { type Coder, nothingIsLost, refOf, startCoder } from "./support/coder.ts";
import { manyFiles, untouchedOf } from "./support/day-repository.ts";
import { decidedAgain } from "./support/decided-again.ts";
import type { Members } from "./support/mpac-client.ts";
import { killOutright } from "./support/processes.ts";
import { scratchFolder } from "./support/scratch.ts";
import { awaitSidecar, derivedSession, findSidecar, storeFolder } from "./support/sidecar.ts";
import { runSmoke } from "./support/steps.ts";
import { eventually } from "./support/wait.ts";

/** Latest moment of a kill after the calls were made, in milliseconds. */
const KILL_WITHIN_MS = 60;

await runSmoke(
  async (smoke) => {
    const draw = chance(seedFrom(smoke.options["seed"]));
    smoke.say(`seed ${draw.seed}`);
    const scratch = smoke.own(await scratchFolder());
    const main = await manyFiles(scratch, Number(smoke.options["files"]));
    const second = join(scratch.folder, "second");
    await scratch.git(main, "worktree", "add", "-q", "-b", "second", second);
    const tracked = (await scratch.git(main, "ls-files")).split("\n");
    const before = { main: await untouchedOf(scratch, main), second: await untouchedOf(scratch, second) };
    smoke.say(`a repository of ${tracked.length} files, two worktrees`);

    const [ana, bo] = await smoke.step("two bridges start in two worktrees and see each other", async () => {
      const both = [
        smoke.own(await startCoder(scratch, main, "ana-client")),
        smoke.own(await startCoder(scratch, second, "bo-client")),
      ] as const;
      await Promise.all(both.map((coder) => coder.look()));
      const seen = (await both[0].look())["participants"] as Members[];
      assert.deepEqual(seen.map((participant) => `${String(participant["branch"])} ${String(participant["worktree"])}`).toSorted(), [
        `main ${main}`,
        `second ${second}`,
      ]);
      return both;
    });

    /** Kills the sidecar as a power cut would, and asks both bridges what is known. */
    async function killAndLook(): Promise<string> {
      const { pid } = await awaitSidecar(scratch, main);
      await killOutright(pid);
      await Promise.all([ana.look(), bo.look()]);
      const next = await awaitSidecar(scratch, main);
      assert.notEqual(next.pid, pid);
      for (const coder of [ana, bo]) await nothingIsLost(coder, next.uri);
      return `pid ${pid}, then ${next.pid}`;
    }

    const [shared, lonely, ...rest] = tracked.filter((path) => path.endsWith(".js")) as [string, string, ...string[]];
    const first = await smoke.step("ana begins a task over one file", () => ana.begin("rework it", [shared]));
    await smoke.step("bo is blocked over the same file, and told by whom", async () => {
      const { structured, text } = await bo.host.call("begin_task", { objective: "rename in it", files: [shared] });
      assert.equal(structured["status"], "blocked", text);
      assert.deepEqual(
        (structured["conflicts"] as Members[]).map((conflict) => conflict["intent_id"]),
        [first],
      );
    });
    const lone = await smoke.step("bo begins with another file", () => bo.begin("rename elsewhere", [lonely]));
    await smoke.step("kill -9 of the sidecar: both tasks are known", killAndLook);
    await smoke.step("bo is still blocked over ana's file", async () => {
      const { structured, text } = await bo.host.call("begin_task", { objective: "rename in it", files: [shared] });
      assert.equal(structured["status"], "blocked", text);
    });

    const merging = await smoke.step("bo proceeds, and a conflict stands", async () => {
      const intentId = await bo.begin("merge with ana", [shared], { on_overlap: "proceed" });
      assert.equal((await ana.look())["open_conflict_count"], 1);
      return intentId;
    });
    await smoke.step("both accept the conflict, over a kill -9 in between", async () => {
      const [conflict] = (await ana.look())["open_conflicts"] as Members[];
      const args = { conflict_id: conflict?.["conflict_id"], ack_type: "accepted" };
      assert.equal((await ana.host.call("ack_conflict", args)).structured["status"], "ok");
      await killAndLook();
      assert.equal((await bo.host.call("ack_conflict", args)).structured["status"], "ok");
      const [after] = (await ana.look())["open_conflicts"] as Members[];
      assert.deepEqual([after?.["conflict_id"], after?.["state"]], [conflict?.["conflict_id"], "ACKED"]);
    });

    await smoke.step("ana submits the file", () => ana.submit(first, shared, "export const by = 'ana';\n"));
    await smoke.step("a second submit on the old state is stale, and the file is untouched", async () => {
      const old = ana.written[0]?.before;
      const { structured } = await ana.host.call("submit_change", {
        intent_id: first,
        target: shared,
        content: "lost\n",
        state_ref_before: old,
      });
      assert.equal(structured["status"], "stale");
      assert.equal(refOf(await readFile(join(main, shared))), refOf("export const by = 'ana';\n"));
    });
    await smoke.step("bo submits the same file in the other worktree, whose disk is another", () =>
      bo.submit(merging, shared, "export const by = 'bo';\n"),
    );
    await smoke.step("kill -9 of the sidecar: both changes are known", killAndLook);

    const rounds = Number(smoke.options["rounds"]);
    const counts = await smoke.step(
      `${rounds} rounds of kill -9 in the middle of calls: each call succeeds once, or says that it did not and then does`,
      async () => {
        for (let round = 0; round < rounds; round += 1) {
          const [forAna, forBo] = [rest.splice(0, 2), rest.splice(0, 2)] as [[string, string], [string, string]];
          const { pid } = await awaitSidecar(scratch, main);
          const calls = Promise.all([work(ana, round, forAna), work(bo, round, forBo)]);
          calls.catch(() => undefined);
          await pause(draw.below(KILL_WITHIN_MS));
          await killOutright(pid);
          await calls;
          const { uri } = await awaitSidecar(scratch, main);
          for (const coder of [ana, bo]) await nothingIsLost(coder, uri);
        }
        return `${ana.held.size + bo.held.size} tasks, ${ana.written.length + bo.written.length} changes, ${ana.repeats + bo.repeats} calls made again`;
      },
    );
    assert.match(counts, /changes/);

    await smoke.step("both yield everything, and nothing is held any more", async () => {
      for (const coder of [ana, bo]) for (const intentId of coder.held.keys()) await coder.yieldTask(intentId);
      assert.ok(!ana.held.has(first) && !bo.held.has(lone));
      assert.equal((await ana.look())["active_intent_count"], 0);
    });
    await smoke.step("HEAD, refs and index of both worktrees are as they were", async () => {
      assert.deepEqual({ main: await untouchedOf(scratch, main), second: await untouchedOf(scratch, second) }, before);
    });
    for (const [coder, name] of [
      [ana, "ana"],
      [bo, "bo"],
    ] as const) {
      await smoke.step(`git status shows exactly what ${name} submitted`, async () => {
        const status = (await scratch.git(coder.worktree, "status", "--porcelain")).split("\n");
        assert.deepEqual(status.toSorted(), coder.written.map(({ path }) => ` M ${path}`).toSorted());
        return `${status.length} files`;
      });
    }
    await smoke.step("the sidecar stops when it is asked to, and its log decides the same once more", async () => {
      await Promise.all([ana, bo].map((coder) => coder[Symbol.asyncDispose]()));
      const { pid } = await awaitSidecar(scratch, main);
      process.kill(pid, "SIGTERM");
      await eventually("its end", async () => ((await findSidecar(scratch, main)) === undefined ? true : undefined));
      await killOutright(pid);
      const records = await decidedAgain(join(await storeFolder(scratch, main), "log.db"), derivedSession(main));
      return `${records} records`;
    });
  },
  { options: { files: "3000", rounds: "6", seed: "" } },
);

/** Begins a task and submits both of its files; the files are named with the round, so that none meets another. */
async function work(coder: Coder, round: number, [one, two]: readonly [string, string]): Promise<void> {
  const intentId = await coder.begin(`round ${round}`, [one, two]);
  await Promise.all([coder.submit(intentId, one, `// round ${round}\n`), coder.submit(intentId, two, `// round ${round} too\n`)]);
}
