/**
 * Eight agents in three worktrees at work as fast as they can, while their sidecar is killed again and again and one of the
 * worktrees is removed and made anew: whatever they were told has happened is known, each change once, and git is as it was.
 */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Chance } from "../support/chance.ts";
import { type Coder, nothingIsLost, startCoder } from "../support/coder.ts";
import { decidedAgain } from "../support/decided-again.ts";
import { type McpHost, startHost } from "../support/mcp-host.ts";
import { isRunning, killOutright } from "../support/processes.ts";
import { type Scratch, scratchFolder } from "../support/scratch.ts";
import { awaitSidecar, derivedSession, sidecarsUnder, storeFolder } from "../support/sidecar.ts";
import { eventually } from "../support/wait.ts";
import { apart, type Own, type Rounds } from "./campaign.ts";

const CODERS = 6;
const FILES_OF_EACH = 12;
const KILLS = 4;

/** Milliseconds between two kills, at most. */
const KILL_WITHIN_MS = 1_500;

export const startStorms = (draw: Chance): Promise<Rounds> => apart((own) => storm(own, draw));

async function storm(own: Own, draw: Chance): Promise<string> {
  const scratch = own(await scratchFolder());
  const files = Array.from({ length: CODERS }, (_, coder) =>
    Array.from({ length: FILES_OF_EACH }, (_none, file) => `src/${coder}/${file}.ts`),
  );
  const main = await scratch.repository("main", Object.fromEntries(files.flat().map((path) => [path, "// as it was\n"])));
  const [second, third] = [join(scratch.folder, "second"), join(scratch.folder, "third")];
  await scratch.git(main, "worktree", "add", "-q", "-b", "second", second);
  await scratch.git(main, "worktree", "add", "-q", "-b", "third", third);
  const places = files.map((_, index) => (index % 2 === 0 ? main : second));
  const coders = await Promise.all(places.map(async (place, index) => own(await startCoder(scratch, place, `coder-${index}`))));
  const guests = await Promise.all(["dee", "eve"].map(async (name) => own(await startHost({ name, cwd: third, env: scratch.env }))));
  await Promise.all([...coders.map((coder) => coder.look()), ...guests.map((guest) => guest.call("who_is_working"))]);

  const kills = Array.from({ length: KILLS }, () => draw.below(KILL_WITHIN_MS));
  const removeAfterMs = draw.below(KILL_WITHIN_MS);
  let isOver = false;
  const guesting = Promise.all(guests.map((guest, index) => keepCalling(guest, index, () => isOver)));
  guesting.catch(() => undefined);
  const work = Promise.all(coders.map((coder, index) => workThrough(coder, files[index] ?? [])));
  const trouble = Promise.all([killAgain(scratch, main, kills), removeAndMakeAnew(scratch, { main, third, removeAfterMs })]);
  await Promise.all([work, trouble]).finally(() => (isOver = true));
  const codes = await guesting;

  const { uri, pid } = await awaitSidecar(scratch, main);
  for (const coder of coders) await nothingIsLost(coder, uri);
  for (const guest of guests) {
    const again = await guest.call("begin_task", { objective: "there again", files: [`guests/${guest.pid}.ts`] });
    assert.equal(again.structured["status"], "ok", again.text);
  }
  await eventually("one sidecar", async () => ((await sidecarsUnder(scratch.folder)).length === 1 ? true : undefined));
  for (const place of [main, second]) await isUntouched(scratch, place, coders);

  await Promise.all([...coders, ...guests].map((one) => one[Symbol.asyncDispose]()));
  process.kill(pid, "SIGTERM");
  await eventually("its end", async () => ((await isRunning(pid)) ? undefined : true));
  const records = await decidedAgain(join(await storeFolder(scratch, main), "log.db"), derivedSession(main));
  const tasks = coders.reduce((sum, coder) => sum + coder.held.size, 0);
  const changes = coders.reduce((sum, coder) => sum + coder.written.length, 0);
  const repeats = coders.reduce((sum, coder) => sum + coder.repeats, 0);
  return `${KILLS} kills, ${tasks} tasks and ${changes} changes known, ${repeats} calls made again, guests were told ${[...new Set(codes.flat())].toSorted().join(", ")}; ${records} records`;
}

/** Begins a task for each file, changes every other file and gives every third task back. */
async function workThrough(coder: Coder, files: readonly string[]): Promise<void> {
  for (const [number, path] of files.entries()) {
    const intentId = await coder.begin(`task ${number}`, [path]);
    if (number % 2 === 0) await coder.submit(intentId, path, `// task ${number} of ${coder.host.pid}\n`);
    if (number % 3 === 0) await coder.yieldTask(intentId);
  }
}

/** What it is told, by code; a worktree that is not there is one of the things. */
async function keepCalling(guest: McpHost, index: number, isOver: () => boolean): Promise<string[]> {
  const codes: string[] = [];
  for (let number = 0; !isOver(); number += 1) {
    const { structured, text, isError } = await guest.call("begin_task", {
      objective: `guest ${number}`,
      files: [`guests/${index}/${number}.ts`],
    });
    assert.ok(!isError || / ./.test(String(structured["message"])), text);
    codes.push(isError ? String(structured["code"]) : String(structured["status"]));
    await pause(10);
  }
  return codes;
}

async function killAgain(scratch: Scratch, main: string, afterMs: readonly number[]): Promise<void> {
  for (const ms of afterMs) {
    const { pid } = await awaitSidecar(scratch, main);
    await pause(ms);
    await killOutright(pid);
  }
}

async function removeAndMakeAnew(
  scratch: Scratch,
  { main, third, removeAfterMs }: { readonly main: string; readonly third: string; readonly removeAfterMs: number },
): Promise<void> {
  await pause(removeAfterMs);
  await scratch.git(main, "worktree", "remove", "--force", third);
  await pause(removeAfterMs);
  await scratch.git(main, "worktree", "add", "-q", third, "third");
}

/** Nothing but what was submitted has changed, and no lock or draft is left. */
async function isUntouched(scratch: Scratch, place: string, coders: readonly Coder[]): Promise<void> {
  const status = (await scratch.git(place, "status", "--porcelain")).split("\n").filter((line) => line !== "");
  const submitted = coders.filter(({ worktree }) => worktree === place).flatMap(({ written }) => written.map(({ path }) => ` M ${path}`));
  assert.deepEqual(status.toSorted(), submitted.toSorted(), `git status of ${place}`);
  const locks = (await readdir(join(await storeFolder(scratch, place), ".."), { recursive: true })).filter((name) =>
    /\.lock$|\.tmp$/.test(name),
  );
  assert.deepEqual(locks, [], "locks and drafts in the git directory");
}
