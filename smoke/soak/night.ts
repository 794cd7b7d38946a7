/**
 * Three nights with real processes, in repositories of their own: all of them stand still (SIGSTOP) and go on in any order,
 * or the sidecar alone, or the bridges alone. The end of the tasks, and their renewal, fall into the night. Nobody calls a
 * tool before it is known what became of them.
 *
 * A third bridge is killed meanwhile: it lapses as anybody does who is gone.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bridge, startBridge } from "../support/bridge.ts";
import type { Chance } from "../support/chance.ts";
import { refOf } from "../support/coder.ts";
import { decidedAgain, recordsOf } from "../support/decided-again.ts";
import { askSummary, type Members } from "../support/mpac-client.ts";
import { isRunning, startNode } from "../support/processes.ts";
import { launcher } from "../support/program.ts";
import { type Scratch, scratchFolder } from "../support/scratch.ts";
import { awaitSidecar, derivedSession, storeFolder } from "../support/sidecar.ts";
import { apart, type Own, type Rounds } from "./campaign.ts";

const MINUTE_MS = 60_000;

/** Minutes that a task lives, and after which its bridge renews it. */
const LIVES_MIN = 15;
const RENEWED_AFTER_MIN = LIVES_MIN / 2;

/** Milliseconds from one process to the next that stands still, and to the next that goes on, at most. */
const STOPS_WITHIN_MS = 2_000;
const GOES_ON_WITHIN_MS = 25_000;

/** Longer than anybody may be silent, and than the grace behind a gap: what is to happen has happened by then. */
const SEEN_MS = 150_000;

const NAMES = ["ana", "bo", "cy"] as const;
const BEFORE = "export const by = undefined;\n";
const fileOf = (name: string): string => `src/${name}.ts`;

const KINDS = ["all", "the sidecar", "the bridges"] as const;

interface Night {
  /** Who stands still. */
  readonly kind: (typeof KINDS)[number];
  /** Minutes that they are awake before, and that they stand still. */
  readonly minutes: { readonly awake: number; readonly asleep: number };
  /** The order in which they stand still and go on, and the milliseconds between two of them. */
  readonly stops: readonly number[];
  readonly wakes: readonly number[];
  readonly stopPauses: readonly number[];
  readonly wakePauses: readonly number[];
  /** The part of the night after which the third bridge is killed. */
  readonly killedAt: number;
}

export function startNights(draw: Chance, options: Readonly<Record<string, string | undefined>>): Promise<Rounds> {
  const [awake, asleep] = [Number(options["awake"]), Number(options["asleep"])];
  return apart(async (own) => {
    const nights = KINDS.map((kind) => plan(draw, kind, { awake, asleep }));
    const told = await Promise.all(nights.map((night) => sleepThrough(own, night)));
    return told.join("\n   ");
  });
}

function plan(draw: Chance, kind: Night["kind"], { awake, asleep }: Night["minutes"]): Night {
  const all = [0, 1, 2];
  return {
    kind,
    // A sidecar that runs ends a task that nobody renews in time, whatever keeps its bridge.
    minutes: { awake: kind === "the bridges" ? Math.min(awake, LIVES_MIN - asleep - 2) : awake, asleep },
    stops: shuffled(draw, all),
    wakes: shuffled(draw, all),
    stopPauses: all.map(() => draw.below(STOPS_WITHIN_MS)),
    wakePauses: all.map(() => draw.below(GOES_ON_WITHIN_MS)),
    killedAt: draw.below(1_000) / 1_000,
  };
}

interface Sleeper {
  readonly name: string;
  readonly pid: number;
}

async function sleepThrough(own: Own, night: Night): Promise<string> {
  const { kind, killedAt } = night;
  const { awake, asleep } = night.minutes;
  const scratch = own(await scratchFolder());
  const repository = await scratch.repository("repository", Object.fromEntries(NAMES.map((name) => [fileOf(name), BEFORE])));
  const second = join(scratch.folder, "second");
  await scratch.git(repository, "worktree", "add", "-q", "-b", "second", second);
  const begin = (name: string, cwd: string) => beginAs(own, scratch, name, cwd);
  const [ana, bo, cy] = await Promise.all([begin(NAMES[0], repository), begin(NAMES[1], second), begin(NAMES[2], repository)]);
  const sidecar = await awaitSidecar(scratch, repository);
  const beganAtMs = Date.now();
  const everybody = [{ name: "sidecar", pid: sidecar.pid }, ana, bo];
  const sleeps = ({ name }: Sleeper): boolean => kind === "all" || (kind === "the sidecar") === (name === "sidecar");
  const [stops, wakes] = [night.stops, night.wakes].map((order) => order.flatMap((index) => everybody[index] ?? []).filter(sleeps)) as [
    Sleeper[],
    Sleeper[],
  ];

  await pause(awake * MINUTE_MS);
  for (const [index, { pid }] of stops.entries()) {
    await pause(night.stopPauses[index]);
    process.kill(pid, "SIGSTOP");
  }
  try {
    await pause(asleep * MINUTE_MS * killedAt);
    cy.bridge.program.kill("SIGKILL");
    await pause(asleep * MINUTE_MS * (1 - killedAt));
  } finally {
    for (const [index, { pid }] of wakes.entries()) {
      if (index > 0) await pause(night.wakePauses[index]);
      if (await isRunning(pid)) process.kill(pid, "SIGCONT");
    }
  }
  const wokenAtMs = Date.now();

  await pause(SEEN_MS);
  const { uri, pid } = await awaitSidecar(scratch, repository);
  assert.equal(pid, sidecar.pid, "the sidecar that serves after the night");
  const intents = intentsIn(await askSummary(uri));
  assert.deepEqual(
    [ana, bo].map(({ intentId }) => intents.get(intentId)?.["state"]),
    ["ACTIVE", "ACTIVE"],
    "the tasks of ana and bo",
  );
  assert.notEqual(intents.get(cy.intentId)?.["state"], "ACTIVE", "the task of cy");
  const isRenewed = awake + asleep > RENEWED_AFTER_MIN;
  for (const { name, intentId } of isRenewed ? [ana, bo] : []) {
    const endMs = Date.parse(String(intents.get(intentId)?.["expires_at"]));
    assert.ok(endMs > wokenAtMs + 10 * MINUTE_MS, `the task of ${name} was renewed, and ends ${new Date(endMs).toISOString()}`);
  }

  await Promise.all([ana, bo].map(submitAndYield));
  await stopSidecar(scratch, repository);
  const renewed = isRenewed ? [ana.intentId, bo.intentId] : [];
  const expected = { renewed, lapsed: cy.intentId, beganAtMs, hasGap: kind !== "the bridges" };
  const told = await judgeLog(scratch, repository, expected);
  const names = (of: readonly Sleeper[]): string => of.map(({ name }) => name).join(", ");
  const wakeMs = night.wakePauses.slice(1, wakes.length).reduce((sum, ms) => sum + ms, 0);
  return `${kind}: stopped ${names(stops)}; woken ${names(wakes)} within ${Math.round(wakeMs / 1_000)} s; ${told}`;
}

interface Working extends Sleeper {
  readonly bridge: Bridge;
  readonly intentId: string;
  readonly cwd: string;
  readonly file: string;
}

async function beginAs(own: Own, scratch: Scratch, name: string, cwd: string): Promise<Working> {
  const bridge = own(startBridge(scratch, cwd, { env: { MPAC_PRINCIPAL_ID: name } }));
  const file = fileOf(name);
  const task = await bridge.call("begin_task", { objective: `the night of ${name}`, files: [file] });
  assert.equal(task["status"], "ok", `begin_task of ${name}`);
  return { name, pid: bridge.program.pid, bridge, cwd, file, intentId: String(task["intent_id"]) };
}

async function submitAndYield({ name, bridge, intentId, file }: Working): Promise<void> {
  const content = `export const by = "${name}";\n`;
  const change = await bridge.call("submit_change", { intent_id: intentId, target: file, content, state_ref_before: refOf(BEFORE) });
  assert.deepEqual([change["status"], change["state_ref_after"]], ["success", refOf(content)], `the change of ${name} after the night`);
  assert.equal((await bridge.call("yield_task", { intent_id: intentId }))["status"], "ok");
}

function intentsIn(summary: Members): Map<string, Members> {
  return new Map((summary["active_intents"] as Members[]).map((intent) => [String(intent["intent_id"]), intent]));
}

interface Expected {
  readonly renewed: readonly string[];
  readonly lapsed: string;
  readonly beganAtMs: number;
  /** Whether the sidecar stood still. */
  readonly hasGap: boolean;
}

/** What the log says of the night: one gap at least, renewals behind it, and nobody suspended or ended but the one who was killed. */
async function judgeLog(scratch: Scratch, repository: string, { renewed: owners, lapsed, beganAtMs, hasGap }: Expected): Promise<string> {
  const log = join(await storeFolder(scratch, repository), "log.db");
  const session = derivedSession(repository);
  const records = await recordsOf(log, session);
  await decidedAgain(log, session);
  const events = records.flatMap(({ events: of, atMs }) =>
    of.map((event) => ({ ...event, atMs }) as Members & { type: string; atMs: number }),
  );
  const suspended = events.filter(({ type }) => type === "IntentSuspended").map(({ intentId }) => intentId);
  const ended = events.filter(({ type, state }) => type === "IntentEnded" && state === "EXPIRED").map(({ intentId }) => intentId);
  const gaps = events.filter(({ type }) => type === "Resumed");
  const renewed = events.filter(
    ({ type, intentId, atMs }) => type === "IntentUpdated" && owners.includes(String(intentId)) && atMs > (gaps[0]?.atMs ?? 0),
  );
  // Its end had fallen into the night as well, so the grace behind that ends it, unless its silence is noticed first.
  assert.deepEqual([...new Set([...suspended, ...ended])], [lapsed], "the tasks that were suspended or expired");
  assert.equal(gaps.length > 0, hasGap, "the night is on the log");
  assert.equal(new Set(renewed.map(({ intentId }) => intentId)).size, owners.length, "tasks that were renewed behind the night");
  assert.deepEqual(
    records.map(({ atMs }) => atMs),
    records.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
    "the order of time on the log",
  );
  const minutes = (ms: number): string => ((ms - beganAtMs) / MINUTE_MS).toFixed(1);
  return `${gaps.length} gap${gaps.length === 1 ? "" : "s"} (minutes ${gaps.map((gap) => `${minutes(Number(gap["fromMs"]))} to ${minutes(gap.atMs)}`).join(", ")}), renewed at minute ${renewed.map(({ atMs }) => minutes(atMs)).join(" and ")}, ${records.length} records`;
}

async function stopSidecar(scratch: Scratch, repository: string): Promise<void> {
  await using stop = startNode([launcher("signalbox"), "stop", "--workspace", repository], { cwd: repository, env: scratch.env });
  assert.equal((await stop.exited).code, 0, [...stop.stdout.all, ...stop.stderr.all].join(" | "));
}

function shuffled<Item>(draw: Chance, items: readonly Item[]): Item[] {
  const left = [...items];
  return items.map(() => left.splice(draw.below(left.length), 1)[0] as Item);
}
