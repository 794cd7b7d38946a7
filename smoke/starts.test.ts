/** How bridges find or start the one sidecar of a repository, in every place a repository can be, and how both of them end. */
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bridge, impurities, principalsIn, startBridge } from "./support/bridge.ts";
import type { Members } from "./support/mpac-client.ts";
import { isRunning, killOutright, startNode } from "./support/processes.ts";
import { launcher } from "./support/program.ts";
import { type Scratch, scratchFolder } from "./support/scratch.ts";
import {
  awaitSidecar,
  derivedPort,
  derivedSession,
  findSidecar,
  isFree,
  sidecarsUnder,
  startSidecarOf,
  storeFolder,
} from "./support/sidecar.ts";
import { eventually, within } from "./support/wait.ts";

let scratch: Scratch;
let opened: AsyncDisposable[] = [];

function own<Thing extends AsyncDisposable>(thing: Thing): Thing {
  opened.push(thing);
  return thing;
}

const bridge = (cwd: string, options = {}): Bridge => own(startBridge(scratch, cwd, options));

beforeEach(async () => {
  scratch = await scratchFolder();
  opened = [];
});

afterEach(async () => {
  for (const thing of opened.toReversed()) await thing[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

/** Holds a port for the length of a test, whoever is connected to it by then. */
async function occupy(server: Server, port: number): Promise<void> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => void sockets.add(socket.on("error", () => undefined)));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  own({
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function playAnotherSidecar(port: number): Promise<void> {
  const other = await scratch.repository("other");
  own(await startSidecarOf(scratch, other, { args: ["--port", String(port)] }));
}

describe("one sidecar", () => {
  it("is what twenty bridges that start at once end with, each under a name of its own", async () => {
    const repository = await scratch.repository("repository");
    const bridges = Array.from({ length: 20 }, () => bridge(repository));

    const answers = await Promise.all(bridges.map((one) => one.call("who_is_working", {})));

    expect(new Set(answers.map((answer) => answer["sidecar_uri"])).size).toBe(1);
    const all = await eventually("twenty participants", async () => {
      const names = principalsIn((await bridges[0]?.call("who_is_working", {})) ?? {});
      return names.length === 20 ? names : undefined;
    });
    expect(new Set(all).size).toBe(20);
    const sidecar = await awaitSidecar(scratch, repository);
    const left = await eventually("the end of the other sidecars", async () => {
      const running = await sidecarsUnder(scratch.folder);
      return running.length <= 1 ? running.map(({ pid }) => pid) : undefined;
    });
    expect(left).toEqual([sidecar.pid]);
    expect(bridges.flatMap(({ program }) => impurities(program))).toEqual([]);
  });

  it("is what five that are started by hand at once end with", async () => {
    const repository = await scratch.repository("repository");
    const started = Array.from({ length: 5 }, () =>
      own(startNode([launcher("mpac-mcp-sidecar"), "--workspace", repository], { cwd: scratch.folder, env: scratch.env })),
    );

    const sidecar = await awaitSidecar(scratch, repository);
    const others = await within(
      "the end of the others",
      Promise.all(started.filter(({ pid }) => pid !== sidecar.pid).map(({ exited }) => exited)),
    );

    expect(others.map(({ code }) => code)).toEqual([7, 7, 7, 7]);
    expect((await findSidecar(scratch, repository))?.pid).toBe(sidecar.pid);
  });
});

describe("a bridge that looks for its sidecar", () => {
  it("starts one where a discovery file is left of one that was killed", async () => {
    const repository = await scratch.repository("repository");
    const first = await startSidecarOf(scratch, repository);
    await killOutright(first.pid);
    expect((await readFile(join(await storeFolder(scratch, repository), "sidecar.json"), "utf8")).length).toBeGreaterThan(0);

    await bridge(repository).call("who_is_working", {});

    expect((await awaitSidecar(scratch, repository)).pid).not.toBe(first.pid);
  });

  it("starts one where the discovery file names the pid of somebody else, whom it lets live", async () => {
    const repository = await scratch.repository("repository");
    const first = await startSidecarOf(scratch, repository);
    await killOutright(first.pid);
    const other = own(startNode(["-e", "setInterval(() => {}, 1000)"], { cwd: scratch.folder, env: scratch.env }));
    const path = join(await storeFolder(scratch, repository), "sidecar.json");
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), pid: other.pid }), { mode: 0o600 });

    await bridge(repository).call("who_is_working", {});

    expect((await awaitSidecar(scratch, repository)).pid).not.toBe(other.pid);
    expect(await isRunning(other.pid)).toBe(true);
  });

  it("starts one although the discovery file is no JSON", async () => {
    const repository = await scratch.repository("repository");
    await killOutright((await startSidecarOf(scratch, repository)).pid);
    await writeFile(join(await storeFolder(scratch, repository), "sidecar.json"), '{"store_id":', { mode: 0o600 });

    expect(await bridge(repository).call("who_is_working", {})).toMatchObject({ workspace_dir: repository });
  });

  it.each([
    ["is the sidecar of another repository", playAnotherSidecar],
    ["says nothing at all", (port: number) => occupy(createServer(), port)],
  ])("uses another port where a stranger on the derived one %s", async (_name, play) => {
    const repository = await scratch.repository("repository");
    const port = derivedPort(repository);
    if (!(await isFree(port))) return; // somebody else plays the stranger
    await play(port);

    expect(await bridge(repository).call("who_is_working", {})).toMatchObject({
      workspace_dir: repository,
      session_id: derivedSession(repository),
    });
    expect((await awaitSidecar(scratch, repository)).port).not.toBe(port);
  });

  it("says outside a repository how to go on", async () => {
    const result = await bridge(scratch.folder).ask("tools/call", { name: "who_is_working", arguments: {} });

    expect(result.result).toMatchObject({ isError: true });
    expect(JSON.stringify(result.result)).toMatch(/git init.*--workspace/);
  });
});

describe("the same sidecar", () => {
  it("serves the worktrees of a bare repository, with the branch of each", async () => {
    const source = await scratch.repository("source");
    const bare = join(scratch.folder, "bare.git");
    await scratch.git(scratch.folder, "clone", "-q", "--bare", source, bare);
    const [one, two] = [join(scratch.folder, "one"), join(scratch.folder, "two")];
    await scratch.git(bare, "worktree", "add", "-q", one, "main");
    await scratch.git(bare, "worktree", "add", "-q", "-b", "second", two);

    const ana = bridge(one);
    await ana.call("who_is_working", {});
    const seen = await bridge(two).call("who_is_working", {});

    expect(seen["session_id"]).toBe(derivedSession(bare));
    const places = (seen["participants"] as Members[]).map(
      (participant) => `${String(participant["branch"])} ${String(participant["worktree"])}`,
    );
    expect(places.toSorted()).toEqual([`main ${one}`, `second ${two}`]);
    expect(await sidecarsUnder(scratch.folder)).toHaveLength(1);
  });

  it("is not that of a submodule, which is a repository of its own", async () => {
    const library = await scratch.repository("library");
    const repository = await scratch.repository("repository");
    await scratch.git(repository, "submodule", "--quiet", "add", library, "vendor/library");
    await scratch.git(repository, "commit", "-q", "-m", "a submodule");

    const outer = await bridge(repository).call("who_is_working", {});
    const inner = await bridge(join(repository, "vendor", "library")).call("who_is_working", {});

    expect(outer["session_id"]).toBe(derivedSession(repository));
    expect(inner["session_id"]).toBe(derivedSession(join(repository, ".git", "modules", "vendor", "library")));
    expect(principalsIn(inner)).toHaveLength(1);
  });

  it("goes on when a worktree is removed under it", async () => {
    const repository = await scratch.repository("repository");
    const second = join(scratch.folder, "second");
    await scratch.git(repository, "worktree", "add", "-q", "-b", "second", second);
    const [ana, bo] = [bridge(repository), bridge(second)];
    await ana.call("who_is_working", {});
    const task = await bo.call("begin_task", { objective: "soon gone", files: ["src/app.ts"] });
    const before = await awaitSidecar(scratch, repository);

    await scratch.git(repository, "worktree", "remove", "--force", second);
    const seen = await ana.call("who_is_working", {});
    const lost = await bo.call("yield_task", { intent_id: task["intent_id"] });
    const freed = await eventually("the freed file", async () => {
      const { status } = await ana.call("begin_task", { objective: "o", files: ["src/app.ts"] });
      return status === "ok" ? status : undefined;
    });

    expect(seen["active_intent_count"]).toBe(1);
    expect(lost).toMatchObject({ status: "error", code: "WORKSPACE_NO_FOLDER" });
    expect(freed).toBe("ok");
    expect((await awaitSidecar(scratch, repository)).pid).toBe(before.pid);
    expect([...impurities(ana.program), ...impurities(bo.program)]).toEqual([]);
  });
});

describe("a bridge", () => {
  it("that is killed leaves its sidecar, and the next one of its name finds its tasks", async () => {
    const repository = await scratch.repository("repository");
    const first = bridge(repository);
    const task = await first.call("begin_task", { objective: "to be taken up again", files: ["src/app.ts"] });
    const sidecar = await awaitSidecar(scratch, repository);

    first.program.kill("SIGKILL");
    await first.program.exited;
    const seen = await bridge(repository).call("who_is_working", {});

    expect((await awaitSidecar(scratch, repository)).pid).toBe(sidecar.pid);
    expect(principalsIn(seen)).toEqual([task["principal_id"]]);
    expect((seen["active_intents"] as Members[]).map((intent) => [intent["intent_id"], intent["principal_id"]])).toEqual([
      [task["intent_id"], task["principal_id"]],
    ]);
  });

  it("goes when its host is killed", async () => {
    const repository = await scratch.repository("repository");
    const starts =
      'const { spawn } = require("node:child_process");' +
      'const bridge = spawn(process.execPath, process.argv.slice(1), { stdio: ["pipe", "pipe", "inherit"] });' +
      'console.log(bridge.pid); bridge.stdout.once("data", () => console.log("up"));' +
      'bridge.stdin.write(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "host", version: "1" } } }) + "\\n");';
    const host = own(startNode(["-e", starts, launcher("signalbox"), "mcp"], { cwd: repository, env: scratch.env }));
    const pid = Number(await host.stdout.next(() => true));
    await host.stdout.next((line) => line === "up");

    host.kill("SIGKILL");
    await host.exited;

    const gone = await eventually("the end of the bridge", async () => ((await isRunning(pid)) ? undefined : true));
    expect(gone).toBe(true);
  });

  it.each([
    ["while nothing is under way", false],
    ["while a call is under way that will never be answered", true],
  ])("ends with its stdin, %s", async (_name, stuck) => {
    const repository = await scratch.repository("repository");
    const one = bridge(repository);
    await one.call("begin_task", { objective: "a task", files: ["src/app.ts"] });
    const sidecar = await awaitSidecar(scratch, repository);
    if (stuck) {
      process.kill(sidecar.pid, "SIGSTOP");
      void one.ask("tools/call", { name: "who_is_working", arguments: {} }).catch(() => undefined);
    }

    one.program.end();
    // A second is the promise; the rest is for a busy machine.
    expect(await within("the end of the bridge", one.program.exited, 5_000)).toEqual({ code: 0, signal: null });
    expect(impurities(one.program)).toEqual([]);
    if (stuck) process.kill(sidecar.pid, "SIGCONT");
    expect(await isRunning(sidecar.pid)).toBe(true);
  });

  it("keeps its stdout pure while its sidecar is killed again and again, and gets on", async () => {
    const repository = await scratch.repository("repository");
    const one = bridge(repository);
    const task = await one.call("begin_task", { objective: "a task", files: ["src/app.ts"] });

    for (let round = 0; round < 3; round += 1) {
      const { pid } = await awaitSidecar(scratch, repository);
      const calls = [1, 2, 3].map(() => one.ask("tools/call", { name: "check_overlap", arguments: { files: ["src/app.ts"] } }));
      await killOutright(pid);
      for (const answer of await Promise.all(calls)) expect(answer.error).toBeUndefined();
      expect((await one.call("who_is_working", {}))["active_intents"]).toMatchObject([{ intent_id: task["intent_id"] }]);
    }

    expect(impurities(one.program)).toEqual([]);
  });
});
