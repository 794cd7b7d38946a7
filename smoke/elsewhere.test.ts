/**
 * One checkout seen from two network and pid namespaces, as from a container: never two writers, and one sentence for whoever
 * cannot get to the one that writes. Then the same with a git directory that cannot be written.
 */
import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { impurities } from "./support/bridge.ts";
import { decidedAgain } from "./support/decided-again.ts";
import { type RpcLines, rpcLines } from "./support/mcp-lines.ts";
import type { Members } from "./support/mpac-client.ts";
import { type Fresh, startElsewhere, whyNoNamespaces } from "./support/namespaces.ts";
import { isRunning, killOutright, type Program, startNode } from "./support/processes.ts";
import { launcher } from "./support/program.ts";
import { type Scratch, scratchFolder } from "./support/scratch.ts";
import { askHealth, awaitSidecar, findSidecar, readDiscovered, startSidecarOf, storeFolder } from "./support/sidecar.ts";
import { eventually, within } from "./support/wait.ts";

const CONTAINER: Fresh = { network: true, pids: true };

let scratch: Scratch;
let repository: string;
let opened: AsyncDisposable[] = [];

beforeEach(async () => {
  scratch = await scratchFolder();
  repository = await scratch.repository("repository");
  opened = [];
});
afterEach(async () => {
  for (const thing of opened.toReversed()) await thing[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

function own<Thing extends AsyncDisposable>(thing: Thing): Thing {
  opened.push(thing);
  return thing;
}

const place = () => ({ cwd: repository, env: scratch.env });
const signalbox = (fresh: Fresh | undefined, ...args: string[]): Program => {
  const command = [launcher("signalbox"), ...args];
  return own(fresh === undefined ? startNode(command, place()) : startElsewhere(fresh, command, place()));
};
const sidecar = (fresh?: Fresh): Program => signalbox(fresh, "sidecar", "--workspace", repository);

function bridge(fresh?: Fresh): RpcLines & { readonly program: Program } {
  const program = signalbox(fresh, "mcp");
  return { ...rpcLines(program), program };
}

/** What a tool call gives a model to read. */
async function saidBy(lines: RpcLines, tool: string, args: Members = {}): Promise<{ readonly isError: boolean; readonly text: string }> {
  const { result } = await lines.ask("tools/call", { name: tool, arguments: args });
  const content = (result?.["content"] ?? []) as readonly { readonly text?: string }[];
  return { isError: result?.["isError"] === true, text: content.map(({ text }) => text ?? "").join("\n") };
}

const ownerFile = async (): Promise<string> => join(await storeFolder(scratch, repository), "owner.json");

/** As if its owner had been dead for longer than it takes. */
async function age(path: string): Promise<void> {
  const then = Date.now() - 21_000;
  const owner = JSON.parse(await readFile(path, "utf8")) as Members;
  await writeFile(path, JSON.stringify({ ...owner, renewed_at: new Date(then).toISOString() }));
  await utimes(path, then / 1_000, then / 1_000);
}

/** The one sentence: who owns it, where, and three ways out. */
const sentence = (pid: number, port: number): string =>
  `the sidecar of ${hostname()} (process ${pid}, in another container, virtual machine or network) owns this store and is not reachable from here at 127.0.0.1:${port}: ` +
  "run your client there, or share its network (for docker `--network host`), or stop it there with `signalbox stop`";

const whyNot = await whyNoNamespaces(CONTAINER);
if (whyNot !== undefined) process.stdout.write(`skipped: no pid and network namespaces can be made here (${whyNot})\n`);

describe.skipIf(whyNot !== undefined)("a checkout in a container", () => {
  it("has no second writer while a sidecar runs outside, and everybody inside hears one sentence", async () => {
    const outside = await startSidecarOf(scratch, repository, { name: "signalbox" });
    own(outside);
    const says = sentence(outside.pid, outside.port);

    const program = sidecar(CONTAINER);
    const status = signalbox(CONTAINER, "status");
    const doctor = signalbox(CONTAINER, "doctor");
    const inside = bridge(CONTAINER);
    const told = await saidBy(inside, "who_is_working");

    expect((await program.exited).code).toBe(11);
    expect(program.stderr.all).toEqual([`signalbox: ${says}`]);
    expect(told).toEqual({ isError: true, text: expect.stringContaining(says) as string });
    expect((await status.exited).code).toBe(11);
    expect(status.stderr.all).toEqual([`signalbox: ${says}`]);
    expect((await doctor.exited).code).toBe(1);
    expect(doctor.stdout.all.join("\n")).toContain(says);
    expect(impurities(inside.program)).toEqual([]);
    expect((await awaitSidecar(scratch, repository)).pid).toBe(outside.pid);
  });

  it("has one writer after both sides start at the same moment again and again", async () => {
    const folder = await storeFolder(scratch, repository);
    for (let round = 0; round < 3; round += 1) {
      const started = [CONTAINER, undefined, CONTAINER, undefined].map((fresh) => sidecar(fresh));
      const ended = started.map(({ exited }, index) => exited.then(({ code }) => ({ index, code })));

      const losers = await within("the end of all but one", allButOne(ended));
      const winner = started.find((_program, index) => !losers.some((loser) => loser.index === index));

      expect(losers.map(({ code }) => code === 7 || code === 11)).toEqual([true, true, true]);
      expect(await isRunning(winner?.pid ?? 0)).toBe(true);
      const discovered = await eventually("its discovery file", () => readDiscovered(folder));
      if (await isPidHere(discovered.pid, winner)) process.kill(discovered.pid, "SIGTERM");
      else winner?.kill("SIGKILL");
      await winner?.exited;
      await age(await ownerFile()).catch(() => undefined); // an orderly end took it away
    }

    const { session_id } = JSON.parse(await readFile(join(folder, "store.json"), "utf8")) as { session_id: string };
    expect(await decidedAgain(join(folder, "log.db"), session_id)).toBeGreaterThan(0);
  });

  it("can be the one that writes: then outside hears the sentence, also from a bridge that would start its own", async () => {
    const inside = bridge(CONTAINER);
    const begun = await saidBy(inside, "begin_task", { objective: "inside", files: ["src/app.ts"] });
    const { pid, port } = (await readDiscovered(await storeFolder(scratch, repository))) ?? { pid: 0, port: 0 };

    const told = await saidBy(bridge(), "begin_task", { objective: "outside", files: ["src/app.ts"] });

    expect(begun.isError).toBe(false);
    expect(told).toEqual({ isError: true, text: expect.stringContaining(sentence(pid, port)) as string });
    expect(await saidBy(inside, "who_is_working")).toMatchObject({ isError: false });
  });

  it("joins the sidecar outside where it shares its network", async () => {
    const outside = own(await startSidecarOf(scratch, repository));

    const inside = bridge({ pids: true });
    const begun = await inside.call("begin_task", { objective: "inside", files: ["src/app.ts"] });
    const seen = await bridge().call("who_is_working", {});

    expect((seen["active_intents"] as Members[]).map(({ intent_id }) => intent_id)).toEqual([begun["intent_id"]]);
    expect((await findSidecar(scratch, repository))?.pid).toBe(outside.pid);
  });

  it("takes over what a killed sidecar outside has left, once that has been silent for 20 s", async () => {
    const outside = own(await startSidecarOf(scratch, repository));
    const ana = bridge();
    const task = await ana.call("begin_task", { objective: "outside", files: ["src/app.ts"] });
    await killOutright(ana.program.pid);
    await killOutright(outside.pid);

    const early = await saidBy(bridge(CONTAINER), "who_is_working");
    await age(await ownerFile());
    const late = await bridge(CONTAINER).call("who_is_working", {});

    expect(early).toEqual({ isError: true, text: expect.stringContaining(sentence(outside.pid, outside.port)) as string });
    expect((late["active_intents"] as Members[]).map(({ intent_id }) => intent_id)).toEqual([task["intent_id"]]);
  });

  it("does not get the log of a sidecar outside that stands still: the lock on it stays, and its owner comes back to it", async () => {
    const outside = own(await startSidecarOf(scratch, repository));
    process.kill(outside.pid, "SIGSTOP");
    await age(await ownerFile());

    const program = sidecar(CONTAINER);
    const { code } = await program.exited;
    process.kill(outside.pid, "SIGCONT");

    expect([7, 11]).toContain(code);
    const owner = await eventually("its renewal", async () => {
      const text = await readFile(await ownerFile(), "utf8").catch(() => "{}");
      return (JSON.parse(text || "{}") as Members)["pid"] === outside.pid ? outside.pid : undefined;
    });
    expect(owner).toBe(outside.pid);
    expect((await askHealth(outside.port))?.body["status"]).toBe("ok");
  });
});

describe("a sidecar whose store another machine has taken", () => {
  it("ends at once, writes nothing more, and leaves a log that goes on", async () => {
    const outside = own(await startSidecarOf(scratch, repository));
    const ana = bridge();
    const task = await ana.call("begin_task", { objective: "before", files: ["src/app.ts"] });
    await killOutright(ana.program.pid);
    const folder = await storeFolder(scratch, repository);
    const taker = { boot_id: "another", host_name: "another", pid: 77, renewed_at: new Date().toISOString() };
    const [log, wal] = [join(folder, "log.db"), join(folder, "log.db-wal")];
    const before = [(await stat(log)).mtimeMs, (await stat(wal)).mtimeMs];

    await writeFile(await ownerFile(), JSON.stringify(taker));
    const exit = await within("its end", outside.program.exited);

    expect(exit).toEqual({ code: null, signal: "SIGKILL" });
    expect([(await stat(log)).mtimeMs, (await stat(wal)).mtimeMs]).toEqual(before);
    expect(JSON.parse(await readFile(await ownerFile(), "utf8"))).toEqual(taker);
    expect(outside.program.stderr.all.join("\n")).toContain("the store was taken by another machine");
    await age(await ownerFile());
    const next = await bridge().call("who_is_working", {});
    expect((next["active_intents"] as Members[]).map(({ intent_id }) => intent_id)).toEqual([task["intent_id"]]);
  });
});

const whyNotReadOnly = await whyNoNamespaces({ readOnly: process.cwd() });
if (whyNotReadOnly !== undefined) process.stdout.write(`skipped: nothing can be mounted read-only here (${whyNotReadOnly})\n`);

describe.skipIf(whyNotReadOnly !== undefined)("a git directory that cannot be written", () => {
  const sandbox = (): Fresh => ({ readOnly: join(repository, ".git") });

  it("is no hindrance to a bridge where a sidecar runs", async () => {
    const outside = own(await startSidecarOf(scratch, repository));

    const inside = bridge(sandbox());
    const begun = await inside.call("begin_task", { objective: "in a sandbox", files: ["src/app.ts"] });
    const seen = await bridge().call("who_is_working", {});

    expect((seen["active_intents"] as Members[]).map(({ intent_id }) => intent_id)).toEqual([begun["intent_id"]]);
    expect((await awaitSidecar(scratch, repository)).pid).toBe(outside.pid);
    expect(impurities(inside.program)).toEqual([]);
  });

  it("with a store in it starts no sidecar and makes no second store, and says what to run where", async () => {
    await (await startSidecarOf(scratch, repository))[Symbol.asyncDispose]();
    const folder = await storeFolder(scratch, repository);

    const told = await saidBy(bridge(sandbox()), "who_is_working");
    const program = sidecar(sandbox());

    const what = `no sidecar runs for ${repository} and this process may not write ${folder}: run \`signalbox sidecar --workspace ${repository}\` where that is allowed`;
    expect(told).toEqual({ isError: true, text: expect.stringContaining(what) as string });
    expect((await program.exited).code).toBe(6);
    expect(program.stderr.all).toEqual([
      `signalbox: ${folder}/owner.json cannot be written: the file system is read-only; mount it writable and start again`,
    ]);
    await expect(stat(join(scratch.folder, "home", "state", "signalbox"))).rejects.toThrow("ENOENT");
  });

  it("without a store in it gets one in the user's state directory", async () => {
    const seen = await bridge(sandbox()).call("who_is_working", {});

    expect(seen).toMatchObject({ workspace_dir: repository });
    await expect(stat(join(repository, ".git", "signalbox"))).rejects.toThrow("ENOENT");
    expect((await stat(join(scratch.folder, "home", "state", "signalbox"))).isDirectory()).toBe(true);
  });
});

/** The first to be fulfilled of `promises`, all but one of them. */
async function allButOne<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  const ended: Value[] = [];
  return new Promise((resolve) => {
    for (const promise of promises) {
      void promise.then((value) => {
        ended.push(value);
        if (ended.length === promises.length - 1) resolve([...ended]);
      });
    }
  });
}

/** Whether the pid that a discovery file names is that of a child of ours, and not one of another pid namespace. */
async function isPidHere(pid: number, program: Program | undefined): Promise<boolean> {
  return pid === program?.pid && isRunning(pid);
}
