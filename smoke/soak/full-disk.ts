/**
 * A disk that gets full under a sidecar at work: what cannot be recorded is refused with a sentence, everything is still
 * answered, health is red, and when there is room it all goes on by itself with everything that was promised.
 *
 * Once the disk stays full for longer than a task lives whose owner tries to renew it, and once the sidecar is killed
 * meanwhile.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bridge, impurities, startBridge } from "../support/bridge.ts";
import type { Chance } from "../support/chance.ts";
import { refOf } from "../support/coder.ts";
import { decidedAgain } from "../support/decided-again.ts";
import { connectMpac, type Members, type MpacClient } from "../support/mpac-client.ts";
import { isRunning, killOutright } from "../support/processes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { askHealth, awaitSidecar, derivedSession, storeFolder } from "../support/sidecar.ts";
import { type SmallDisk, smallDisk, whyNoDisk } from "../support/small-disk.ts";
import { eventually } from "../support/wait.ts";
import { apart, skipped, type Own, type Rounds } from "./campaign.ts";

const MEGABYTES = 6;
const TARGET = "src/app.ts";

/** Milliseconds from room on the disk to the first call that succeeds; beyond that the machine is busy. */
const RECOVERS_MS = 2_000;
const PATIENCE_MS = 20_000;

/** Seconds that the foreign task lives, and milliseconds that the disk is full for longer than that. */
const TTL_SEC = 30;
const LONG_MS = 45_000;

/** Of the rounds, counted from 0, the one in which it stays full for so long. */
const LONG_ROUND = 1;

const SENTENCE = /^STORE_UNAVAILABLE: the log cannot be written now \(is the disk full\?\); nothing was changed, try again when it can\./;
const NO_START = /^SIDECAR_UNAVAILABLE: no sidecar runs for .*, and none can be started: .* cannot be written: the disk is full; make room/;

export async function startFullDisks(draw: Chance): Promise<Rounds> {
  const why = await whyNot();
  if (why !== undefined) return skipped(`no disk can be mounted here (${why})`);
  let round = -1;
  return apart(async (own) => {
    round += 1;
    return fillUp(own, { isLong: round === LONG_ROUND, killAfterMs: draw.below(500) });
  });
}

/** Why no disk can be mounted here, or undefined. */
async function whyNot(): Promise<string | undefined> {
  await using scratch = await scratchFolder();
  return whyNoDisk(scratch.folder);
}

interface Plan {
  /** Whether a task would end while the disk is full. */
  readonly isLong: boolean;
  /** Milliseconds on a full disk after which the sidecar is killed. */
  readonly killAfterMs: number;
}

async function fillUp(own: Own, { isLong, killAfterMs }: Plan): Promise<string> {
  const scratch = own(await scratchFolder());
  const disk = own(await smallDisk(join(scratch.folder, "disk"), MEGABYTES));
  const repository = await scratch.repository("disk/repository");
  const bridge = own(startBridge(scratch, repository));
  const promised = new Set<string>();
  const begin = async (): Promise<string> => {
    const file = promised.size === 0 ? TARGET : `src/${promised.size}.ts`;
    const { text, structured } = await said(bridge, "begin_task", { objective: "a task", files: [file] });
    if (structured["status"] === "ok") promised.add(String(structured["intent_id"]));
    return structured["status"] === "ok" ? "" : text;
  };
  const nothing = async (): Promise<string | undefined> => (await begin()) || undefined;
  assert.equal(await begin(), "");
  const { pid, port, uri } = await awaitSidecar(scratch, repository);
  const cy = isLong ? own(await foreignTask(uri)) : undefined;

  await disk.fill();
  const fullAtMs = performance.now();
  assert.match(await eventually("a refusal", nothing), SENTENCE);
  const [held] = promised;
  await staysAsItIs(bridge, { repository, intentId: held ?? "" });
  const red = await eventually("red health", async () => {
    const health = await askHealth(port);
    return health?.status === 503 ? health.body : undefined;
  });
  assert.deepEqual([red["status"], red["store_id"] !== undefined], ["unavailable", true]);
  if (cy !== undefined) await outlastsItsEnd(cy, fullAtMs);
  const backMs = await recovers(disk, begin);
  assert.equal((await eventually("green health", async () => (await askHealth(port))?.status === 200 || undefined), true), true);
  if (cy !== undefined) await isRenewed(cy);
  await allKnown(bridge, promised);

  await disk.fill();
  await eventually("a refusal", nothing);
  await pause(killAfterMs);
  await killOutright(pid);
  const told = await eventually("the word of a bridge without a sidecar", async () => {
    const text = await begin();
    return text === "" || text.startsWith("OUTCOME_UNKNOWN") ? undefined : text; // it was on its way when the sidecar was killed
  });
  assert.match(told, NO_START);
  const againMs = await recovers(disk, begin);
  await allKnown(bridge, promised);
  const next = await awaitSidecar(scratch, repository);
  assert.notEqual(next.pid, pid);

  assert.deepEqual(impurities(bridge.program), []);
  await bridge[Symbol.asyncDispose]();
  process.kill(next.pid, "SIGTERM");
  await eventually("its end", async () => ((await isRunning(next.pid)) ? undefined : true));
  const records = await decidedAgain(join(await storeFolder(scratch, repository), "log.db"), derivedSession(repository));
  const late = [backMs, againMs].some((ms) => ms > RECOVERS_MS) ? " (late)" : "";
  return `back after ${Math.round(backMs)} ms, after a kill ${Math.round(againMs)} ms${late}${isLong ? ", a task renewed that would have ended meanwhile" : ""}; ${promised.size} tasks promised and known, ${records} records`;
}

interface Said {
  readonly text: string;
  readonly structured: Members;
  readonly isError: boolean;
}

async function said(bridge: Bridge, tool: string, args: Members): Promise<Said> {
  const { result = {} } = await bridge.ask("tools/call", { name: tool, arguments: args });
  const [content] = (result["content"] ?? []) as { text: string }[];
  return { text: content?.text ?? "", structured: (result["structuredContent"] ?? {}) as Members, isError: result["isError"] === true };
}

/** Reading is served, writing is refused, and the worktree is untouched. */
async function staysAsItIs(bridge: Bridge, { repository, intentId }: { repository: string; intentId: string }): Promise<void> {
  const path = join(repository, TARGET);
  const before = await readFile(path, "utf8");
  const reads = [
    await said(bridge, "who_is_working", {}),
    await said(bridge, "check_overlap", { files: [TARGET] }),
    await said(bridge, "get_file_state", { path: TARGET }),
  ];
  assert.deepEqual(
    reads.map(({ isError }) => isError),
    [false, false, false],
    "reading on a full disk",
  );
  const change = { intent_id: intentId, target: TARGET, content: "new\n", state_ref_before: refOf(before) };
  const writes = [await said(bridge, "submit_change", change), await said(bridge, "yield_task", { intent_id: intentId })];
  assert.deepEqual(
    writes.map(({ isError }) => isError),
    [true, true],
    writes.map(({ text }) => text).join("\n"),
  );
  assert.equal(await readFile(path, "utf8"), before);
}

/** Gives the milliseconds from room on the disk to the first call that succeeds. */
async function recovers(disk: SmallDisk, begin: () => Promise<string>): Promise<number> {
  await disk.makeRoom();
  const roomAtMs = performance.now();
  await eventually("a call that succeeds", async () => ((await begin()) === "" ? true : undefined), PATIENCE_MS);
  return performance.now() - roomAtMs;
}

async function foreignTask(uri: string): Promise<MpacClient> {
  const cy = await connectMpac(uri, "cy");
  await cy.join();
  const scope = { kind: "file_set", resources: ["cy.ts"] };
  const announced = await cy.outcome(cy.send("INTENT_ANNOUNCE", { intent_id: "cy-1", objective: "short", scope, ttl_sec: TTL_SEC }));
  assert.notEqual(announced.message_type, "PROTOCOL_ERROR");
  return cy;
}

/** The disk stays full until the task should have ended; its owner is there and tries to renew it. */
async function outlastsItsEnd(cy: MpacClient, fullAtMs: number): Promise<void> {
  while (performance.now() - fullAtMs < LONG_MS) {
    const refused = await cy.outcome(cy.send("INTENT_UPDATE", { intent_id: "cy-1", ttl_sec: TTL_SEC }));
    assert.deepEqual([refused.message_type, refused.payload?.["refers_to"] !== undefined], ["PROTOCOL_ERROR", true]);
    await pause(5_000);
  }
}

async function isRenewed(cy: MpacClient): Promise<void> {
  const renewed = await cy.outcome(cy.send("INTENT_UPDATE", { intent_id: "cy-1", ttl_sec: TTL_SEC }));
  assert.notEqual(renewed.message_type, "PROTOCOL_ERROR", JSON.stringify(renewed.payload));
  const gone = await cy.outcome(cy.send("INTENT_WITHDRAW", { intent_id: "cy-1" }));
  assert.notEqual(gone.message_type, "PROTOCOL_ERROR", JSON.stringify(gone.payload));
}

async function allKnown(bridge: Bridge, promised: ReadonlySet<string>): Promise<void> {
  const { structured } = await said(bridge, "who_is_working", { limit: 100 });
  const known = ((structured["active_intents"] ?? []) as Members[]).map((intent) => String(intent["intent_id"]));
  assert.deepEqual(
    [...promised].filter((intentId) => !known.includes(intentId)),
    [],
    "promised tasks that nobody knows",
  );
}
