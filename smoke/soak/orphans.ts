/**
 * Coding clients that are killed with -9 at any moment of a bridge's life, and what is left of their bridges: nothing.
 *
 * A client here is a program of a few lines that starts `signalbox mcp`, says `initialize` and calls tools. It is killed
 * while its bridge starts, while it shakes hands, in the middle of a call or between two.
 */
import assert from "node:assert/strict";
import { loadavg } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import type { Chance } from "../support/chance.ts";
import { MARK, type Marked, markedProcesses, withoutSidecars } from "../support/marked.ts";
import { killOutright, type Program, startNode } from "../support/processes.ts";
import { launcher } from "../support/program.ts";
import { type Scratch, scratchFolder } from "../support/scratch.ts";
import { findSidecar, sidecarsUnder } from "../support/sidecar.ts";
import { eventually } from "../support/wait.ts";
import type { Rounds } from "./campaign.ts";

/** Clients that live at once. */
const AT_ONCE = 10;

/** Milliseconds from the kill in which a bridge goes; on a busy machine some take longer, and are counted. */
const PROMISED_MS = 2_000;
/** Milliseconds after which it is an orphan. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 100;

/** What a client does, and how long after it has begun to it is killed at most, in milliseconds. */
const MOMENTS = [
  { when: "started", withinMs: 600 },
  { when: "up", withinMs: 200 },
  { when: "called", withinMs: 400 },
  { when: "called", withinMs: 40 },
  { when: "answered", withinMs: 300 },
] as const;

const CALLS = [
  ["who_is_working", {}],
  ["begin_task", { objective: "soon orphaned", files: ["src/app.ts"], on_overlap: "proceed" }],
  ["check_overlap", { files: ["src/app.ts"] }],
  ["get_file_state", { path: "src/app.ts" }],
] as const;

/** Prints `started`, `up` once it was initialized, and `called` and `answered` around each call, of which there is no end. */
const CLIENT = `
const { spawn } = require("node:child_process");
const [launcher, tool, args, stderr] = process.argv.slice(1);
const bridge = spawn(process.execPath, [launcher, "mcp"], { stdio: ["pipe", "pipe", stderr] });
const say = (line) => process.stdout.write(line + "\\n");
const send = (message) => bridge.stdin.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
let id = 1;
const call = () => {
  send({ id: (id += 1), method: "tools/call", params: { name: tool, arguments: JSON.parse(args) } });
  say("called");
};
bridge.stdin.on("error", () => {});
bridge.stderr?.resume();
let text = "";
bridge.stdout.on("data", (chunk) => {
  text += chunk;
  for (let end = text.indexOf("\\n"); end >= 0; end = text.indexOf("\\n")) {
    const answer = JSON.parse(text.slice(0, end));
    text = text.slice(end + 1);
    if (answer.id === 1) {
      say("up");
      send({ method: "notifications/initialized" });
      setTimeout(call, 20);
    } else if (answer.id === id) {
      say("answered");
      setTimeout(call, 100);
    }
  }
});
send({ id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "ana", version: "1" } } });
say("started");
`;

export interface Orphans extends Rounds {
  readonly kills: number;
  readonly longestMs: number;
}

interface Client extends AsyncDisposable {
  readonly mark: string;
  readonly program: Program;
}

/** @param atOnce - clients of one round */
export async function startOrphans(draw: Chance, atOnce = AT_ONCE): Promise<Orphans> {
  const scratch = await scratchFolder();
  const repository = await scratch.repository("repository");
  const own = `orphans-${process.pid}-${Date.now()}:`;
  const tookMs: number[] = [];
  let clientsStarted = 0;
  let sidecarsKilled = 0;

  function startClient(): Client {
    const mark = `${own}${(clientsStarted += 1)}`;
    const [tool, args] = draw.pick(CALLS);
    const program = startNode(["-e", CLIENT, launcher("signalbox"), tool, JSON.stringify(args), draw.pick(["pipe", "inherit", "ignore"])], {
      cwd: repository,
      env: { ...scratch.env, [MARK]: mark },
    });
    return { mark, program, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
  }

  async function liveAndDie({ program }: Client, { when, withinMs }: (typeof MOMENTS)[number], delayMs: number): Promise<void> {
    await program.stdout.next((line) => line === when);
    await pause(delayMs % withinMs);
    program.kill("SIGKILL");
  }

  async function maybeKillSidecar(isMeant: boolean, afterMs: number): Promise<void> {
    if (!isMeant) return;
    await pause(afterMs);
    const sidecar = await findSidecar(scratch, repository);
    if (sidecar === undefined) return;
    await killOutright(sidecar.pid);
    sidecarsKilled += 1;
  }

  /** Waits until nothing is left of any of them, each since its own end, and notes how long that took. */
  async function seeThemGo(
    clients: readonly Client[],
    killedAtMs: ReadonlyMap<Client, number>,
    living: Promise<unknown>,
  ): Promise<number[]> {
    const took: number[] = [];
    const waiting = new Set(clients);
    while (waiting.size > 0) {
      await Promise.race([pause(LOOK_MS), living.then(() => pause(LOOK_MS))]);
      const found = withoutSidecars(await markedProcesses(own));
      const nowMs = performance.now();
      for (const client of waiting) {
        const sinceMs = nowMs - (killedAtMs.get(client) ?? nowMs);
        const left = found.filter(({ mark }) => mark === client.mark);
        assert.ok(sinceMs < PATIENCE_MS, `what is left ${PATIENCE_MS} ms after its client was killed: ${shown(left)}`);
        if (!killedAtMs.has(client) || left.length > 0) continue;
        waiting.delete(client);
        took.push(sinceMs);
      }
    }
    return took;
  }

  return {
    get kills() {
      return tookMs.length;
    },
    get longestMs() {
      return Math.max(0, ...tookMs);
    },
    async round(keep) {
      const clients = Array.from({ length: atOnce }, () => keep(startClient()));
      const killedAtMs = new Map<Client, number>();
      const lives = clients.map((client) =>
        liveAndDie(client, draw.pick(MOMENTS), draw.below(600)).then(() => killedAtMs.set(client, performance.now())),
      );
      const all = Promise.all([...lives, maybeKillSidecar(draw.below(5) === 0, draw.below(1_500))]);
      const took = await seeThemGo(clients, killedAtMs, all);
      await all;
      tookMs.push(...took);
      return summaryOf(took);
    },
    async finish() {
      await stopSidecar(scratch, repository);
      const left = await eventually("the end of everything", async () => {
        const found = await markedProcesses(own);
        return found.length === 0 && (await sidecarsUnder(scratch.folder)).length === 0 ? found : undefined;
      }).catch(() => markedProcesses(own));
      assert.deepEqual(
        left.map(({ args }) => args.join(" ")),
        [],
        "what is left when the sidecar was stopped",
      );
      return `${summaryOf(tookMs)}; ${sidecarsKilled} sidecars killed meanwhile; nothing left`;
    },
    async [Symbol.asyncDispose]() {
      for (const { pid } of await markedProcesses(own)) await killOutright(pid);
      await scratch[Symbol.asyncDispose]();
    },
  };
}

const shown = (left: readonly Marked[]): string =>
  left.map(({ pid, parent, args }) => `${pid} (of ${parent}) ${args.join(" ")}`).join(", ");

async function stopSidecar(scratch: Scratch, repository: string): Promise<void> {
  await using stop = startNode([launcher("signalbox"), "stop", "--workspace", repository], { cwd: repository, env: scratch.env });
  const { code } = await stop.exited;
  assert.equal(code, 0, [...stop.stdout.all, ...stop.stderr.all].join(" | "));
}

function summaryOf(tookMs: readonly number[]): string {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (part: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  const late = sorted.filter((ms) => ms > PROMISED_MS).length;
  return `${sorted.length} clients killed, gone after ${at(0.5)} ms (median), ${at(0.99)} ms (99 %), ${at(1)} ms (longest), ${late} after more than ${PROMISED_MS} ms, load ${loadavg()[0]?.toFixed(1)}`;
}
