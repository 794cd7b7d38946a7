/**
 * A store that is taken away under its sidecar, in the middle of the calls of two bridges: that sidecar ends, the bridges
 * join the next one and are told what they lost, and whatever they are promised from then on stands in the new log.
 */
import assert from "node:assert/strict";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { impurities, startBridge } from "../support/bridge.ts";
import type { Chance } from "../support/chance.ts";
import { decidedAgain } from "../support/decided-again.ts";
import type { Members } from "../support/mpac-client.ts";
import { isRunning } from "../support/processes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { awaitSidecar, derivedSession, sidecarsUnder, startSidecarOf, storeFolder } from "../support/sidecar.ts";
import { eventually } from "../support/wait.ts";
import { apart, type Own, type Rounds } from "./campaign.ts";

/** Milliseconds of calls before the store goes at most, and after it. */
const BEFORE_MS = 400;
const AFTER_MS = 1_500;

/** Milliseconds in which a sidecar notices that its store is gone, when nobody writes, and ends. */
const ENDS_WITHIN_MS = 10_000;

const WAYS: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  removed: (folder) => rm(folder, { recursive: true, maxRetries: 5 }),
  "moved aside": (folder) => rename(folder, `${folder}.aside`),
};

export const startRemovals = (draw: Chance): Promise<Rounds> =>
  apart((own) => takeAway(own, { way: draw.pick(Object.keys(WAYS)), isQuiet: draw.below(4) === 0, afterMs: draw.below(BEFORE_MS) }));

interface Call {
  /** Before the store was gone, or after. */
  readonly isAfter: boolean;
  readonly intentId: string | undefined;
  readonly text: string;
}

interface Plan {
  /** In which the store goes. */
  readonly way: string;
  /** Whether nobody calls until the sidecar has noticed by itself. */
  readonly isQuiet: boolean;
  /** Milliseconds of calls before it goes. */
  readonly afterMs: number;
}

async function takeAway(own: Own, { way, isQuiet, afterMs }: Plan): Promise<string> {
  const scratch = own(await scratchFolder());
  const repository = await scratch.repository("repository");
  const second = join(scratch.folder, "second");
  await scratch.git(repository, "worktree", "add", "-q", "-b", "second", second);
  const first = own(await startSidecarOf(scratch, repository, { name: "signalbox" }));
  const folder = await storeFolder(scratch, repository);
  const bridges = [repository, second].map((cwd) => own(startBridge(scratch, cwd)));
  let isGone = false;
  let isOver = false;

  async function keepBeginning(bridge: (typeof bridges)[number], who: number): Promise<Call[]> {
    const calls: Call[] = [];
    while (isQuiet && (await isRunning(first.pid))) await pause(20);
    for (let number = 1; !isOver; number += 1) {
      const isAfter = isGone;
      const args = { objective: `task ${number}`, files: [`src/${who}/${number}.ts`] };
      const { result = {} } = await bridge.ask("tools/call", { name: "begin_task", arguments: args });
      const structured = (result["structuredContent"] ?? {}) as Members;
      const [content] = (result["content"] ?? []) as { text: string }[];
      calls.push({
        isAfter,
        intentId: structured["status"] === "ok" ? String(structured["intent_id"]) : undefined,
        text: content?.text ?? "",
      });
      await pause(20);
    }
    return calls;
  }
  for (const bridge of bridges) await bridge.call("begin_task", { objective: "lost", files: [`lost/${bridge.program.pid}.ts`] });
  const calling = Promise.all(bridges.map(keepBeginning));
  calling.catch(() => undefined);
  await pause(afterMs);
  await WAYS[way]?.(folder);
  isGone = true;
  const goneAtMs = performance.now();
  await eventually("the end of the sidecar without a store", async () => ((await isRunning(first.pid)) ? undefined : true), ENDS_WITHIN_MS);
  const tookMs = performance.now() - goneAtMs;
  await pause(AFTER_MS);
  isOver = true;
  const calls = await calling;

  for (const { text } of calls.flat().filter(({ intentId }) => intentId === undefined))
    assert.match(
      text,
      /^(STORE_UNAVAILABLE|SIDECAR_UNAVAILABLE|OUTCOME_UNKNOWN|INTENT_[A-Z]+): .{20,}/s,
      "what a call says that did not do it",
    );
  for (const own of calls)
    assert.match(own.map(({ text }) => text).join("\n"), /is not in the session any more; you hold nothing by it: begin_task/);
  const { pid } = await awaitSidecar(scratch, repository);
  assert.notEqual(pid, first.pid);
  assert.deepEqual(
    (await sidecarsUnder(scratch.folder)).map((one) => one.pid),
    [pid],
  );
  const known = await knownTo(bridges[0]);
  const promised = calls.flatMap((own) => own.flatMap(({ isAfter, intentId }) => (isAfter && intentId !== undefined ? [intentId] : [])));
  assert.deepEqual(
    promised.filter((intentId) => !known.has(intentId)),
    [],
    "tasks that were acknowledged after the store was gone",
  );
  assert.ok(promised.length > 0, "calls went on");
  assert.deepEqual(
    bridges.flatMap(({ program }) => impurities(program)),
    [],
  );

  for (const bridge of bridges) await bridge[Symbol.asyncDispose]();
  process.kill(pid, "SIGTERM");
  await eventually("its end", async () => ((await isRunning(pid)) ? undefined : true));
  const records = await decidedAgain(join(await storeFolder(scratch, repository), "log.db"), derivedSession(repository));
  const refused = calls.flat().filter(({ intentId }) => intentId === undefined).length;
  return `${way}${isQuiet ? " in quiet" : ""}: ended after ${Math.round(tookMs)} ms, ${promised.length} tasks promised since, all known, ${refused} calls refused, ${records} records`;
}

async function knownTo(bridge: { call(tool: string, args: Members): Promise<Members> } | undefined): Promise<Set<string>> {
  const known = new Set<string>();
  for (let cursor: unknown; ;) {
    const seen = await bridge?.call("who_is_working", { limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    for (const intent of (seen?.["active_intents"] ?? []) as Members[]) known.add(String(intent["intent_id"]));
    cursor = seen?.["next_cursor"];
    if (cursor === undefined) return known;
  }
}
