/**
 * A wall clock that is set back an hour and then forward by two, under a sidecar and its bridges at work: time goes on for
 * the session, nobody's task ends before its time or twice, and the bridges renew theirs though nobody calls a tool.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bridge, impurities, startBridge } from "../support/bridge.ts";
import { decidedAgain, recordsOf } from "../support/decided-again.ts";
import { askSummary, connectMpac, type Members, type MpacClient } from "../support/mpac-client.ts";
import { movableClock } from "../support/movable-clock.ts";
import { isRunning } from "../support/processes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { askHealth, derivedSession, startSidecarOf, storeFolder } from "../support/sidecar.ts";
import { eventually } from "../support/wait.ts";
import { apart, type Own, type Rounds } from "./campaign.ts";

const HOUR_SEC = 3_600;
const MINUTE_MS = 60_000;

/** When the clock is set, in minutes of true time, and when it is over: tasks live for 15 and are renewed after 7.5. */
const BACK_AT = 6;
const FORWARD_AT = 17;
const OVER_AT = 20.5;

/** A task of a foreign client lives so long, and is announced so long before the clock is set. */
const TTL_SEC = 120;
const BEFORE_MS = 20_000;
/** After a jump forward nobody can say how long the machine slept: owners get so long to come back. */
const GRACE_MS = 90_000;

const HEARTBEAT_MS = 10_000;

export const startClocks = (): Promise<Rounds> => apart(setClocks);

async function setClocks(own: Own): Promise<string> {
  const scratch = own(await scratchFolder());
  const clock = await movableClock(scratch.folder);
  if (clock === undefined) return "skipped: faketime is not installed here";
  const repository = await scratch.repository("repository");
  const sidecar = own(await startSidecarOf(scratch, repository, { name: "signalbox", env: clock.env }));
  const bridges = ["ana", "bo"].map((name) => own(startBridge(scratch, repository, { env: { ...clock.env, MPAC_PRINCIPAL_ID: name } })));
  const tasks = await Promise.all(bridges.map(beginTask));
  const cy = own(await connectMpac(sidecar.uri, "cy"));
  await cy.join();
  const beating = setInterval(() => cy.send("HEARTBEAT", { status: "working" }), HEARTBEAT_MS);
  own({ [Symbol.asyncDispose]: () => Promise.resolve(clearInterval(beating)) });
  const beganAtMs = performance.now();
  const until = (minute: number, earlierMs = 0): Promise<void> => pause(beganAtMs + minute * MINUTE_MS - earlierMs - performance.now());

  await until(BACK_AT, BEFORE_MS);
  const first = await announce(cy, "cy-back");
  await until(BACK_AT);
  await clock.set(-HOUR_SEC);
  const back = await livedMs(cy, first);
  assert.ok(back >= TTL_SEC * 1_000 - 50 && back < (TTL_SEC + 15) * 1_000, `a task of ${TTL_SEC} s lived ${back} ms over a jump back`);

  await until(FORWARD_AT, BEFORE_MS);
  const second = await announce(cy, "cy-forward");
  await until(FORWARD_AT);
  await clock.set(HOUR_SEC);
  const forward = await livedMs(cy, second);
  assert.ok(forward >= GRACE_MS && forward < (TTL_SEC + 15) * 1_000, `a task of ${TTL_SEC} s lived ${forward} ms over a jump forward`);

  await until(OVER_AT);
  const intents = ((await askSummary(sidecar.uri))["active_intents"] as Members[]).map((intent) => [intent["intent_id"], intent["state"]]);
  assert.deepEqual(
    Object.fromEntries(intents),
    Object.fromEntries(tasks.map((intentId) => [intentId, "ACTIVE"])),
    "the tasks of the bridges",
  );
  assert.equal((await askHealth(sidecar.port))?.status, 200);
  for (const [index, bridge] of bridges.entries())
    assert.equal((await bridge.call("yield_task", { intent_id: tasks[index] }))["status"], "ok");
  assert.deepEqual(
    bridges.flatMap(({ program }) => impurities(program)),
    [],
  );

  for (const bridge of bridges) await bridge[Symbol.asyncDispose]();
  process.kill(sidecar.pid, "SIGTERM");
  await eventually("its end", async () => ((await isRunning(sidecar.pid)) ? undefined : true));
  const log = join(await storeFolder(scratch, repository), "log.db");
  const renewals = await judgeLog(log, derivedSession(repository), tasks);
  return `short tasks lived ${(back / 1_000).toFixed(1)} s over the jump back and ${(forward / 1_000).toFixed(1)} s over the one forward; ${renewals}`;
}

async function beginTask(bridge: Bridge, index: number): Promise<string> {
  const task = await bridge.call("begin_task", { objective: "through all of it", files: [`src/${index}.ts`] });
  assert.equal(task["status"], "ok");
  return String(task["intent_id"]);
}

interface Announced {
  readonly intentId: string;
  readonly atMs: number;
}

async function announce(cy: MpacClient, intentId: string): Promise<Announced> {
  const scope = { kind: "file_set", resources: [`${intentId}.ts`] };
  const answer = await cy.outcome(cy.send("INTENT_ANNOUNCE", { intent_id: intentId, objective: "short", scope, ttl_sec: TTL_SEC }));
  assert.notEqual(answer.message_type, "PROTOCOL_ERROR");
  return { intentId, atMs: performance.now() };
}

/** Waits for its end, and gives how long that took in true time. */
async function livedMs(cy: MpacClient, { intentId, atMs }: Announced): Promise<number> {
  const isEnd = (frame: MpacClient["frames"][number]): boolean =>
    frame.message_type === "INTENT_WITHDRAW" && frame.payload?.["intent_id"] === intentId;
  await eventually(`the end of ${intentId}`, () => cy.frames.find(isEnd), 4 * MINUTE_MS);
  return performance.now() - atMs;
}

/** Time never runs backwards, each task ends once, and those of the bridges were renewed on both sides. */
async function judgeLog(log: string, session: string, tasks: readonly string[]): Promise<string> {
  await decidedAgain(log, session);
  const records = await recordsOf(log, session);
  const times = records.map(({ atMs }) => atMs);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
    "the order of time on the log",
  );
  const events = records.flatMap(({ events: of }) => of as readonly (Members & { readonly type: string })[]);
  const ended = events.filter(({ type }) => type === "IntentEnded").map(({ intentId, state }) => `${String(intentId)} ${String(state)}`);
  assert.deepEqual(
    ended.toSorted(),
    ["cy-back EXPIRED", "cy-forward EXPIRED", ...tasks.map((intentId) => `${intentId} WITHDRAWN`)].toSorted(),
    "what ended",
  );
  assert.deepEqual(
    events.filter(({ type }) => type === "IntentSuspended"),
    [],
  );
  const gaps = events.filter(({ type }) => type === "Resumed").length;
  const renewals = tasks.map((own) => events.filter(({ type, intentId }) => type === "IntentUpdated" && intentId === own).length);
  return `${gaps} gaps on the log, tasks renewed ${renewals.join(" and ")} times, ${records.length} records in order`;
}
