import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { publishDiscovery, newToken } from "../git/discovery-file.ts";
import { fullDisk, type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { writeStartError } from "../git/start-error.ts";
import { locateStore, type StoreFolder } from "../git/store-folder.ts";
import type { Owner } from "../wire/owner.ts";
import { CONTROL } from "../wire/versions.ts";
import { createLocate } from "./locate.ts";

const ask = () => ({ mayStart: true, signal: new AbortController().signal });
const look = () => ({ ...ask(), mayStart: false });

/**
 * What stands in for `signalbox`: it notes its start, then does what MODE says. Of those that come up one holds the store;
 * it ends by itself after a minute, whatever becomes of the test.
 */
const LAUNCHER = `
import { appendFileSync, closeSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
const [command, flag, workspace, ...more] = process.argv.slice(2);
const folder = workspace + "/.git/signalbox";
const { store_id } = JSON.parse(readFileSync(folder + "/store.json", "utf8"));
const git = Object.keys(process.env).filter((name) => name.startsWith("GIT_"));
appendFileSync(folder + "/starts", JSON.stringify({ pid: process.pid, command, flag, more, git }) + "\\n");
process.stderr.write("launched\\n");
if (process.env.MODE === "error") {
  const error = { code: "store/corrupt", sentence: "the log is corrupt", command: "signalbox store set-aside", at: new Date().toISOString(), pid: process.pid };
  writeFileSync(folder + "/draft", JSON.stringify(error));
  renameSync(folder + "/draft", folder + "/start-error.json");
  process.exit(1);
}
if (process.env.MODE === "die") process.exit(3);
if (process.env.MODE === "second" && readFileSync(folder + "/starts", "utf8").split("\\n").length < 3) process.exit(7);
try { closeSync(openSync(folder + "/held", "wx")); } catch { process.exit(7); }
const health = { status: "ok", store_id, workspace, session_id: "s", version: "0.1.0", control: ${CONTROL}, format: 1, pid: process.pid, boot_id: "b", uri: "", clients: 0, durability: "disk" };
const server = createServer((_request, response) => response.end(JSON.stringify(health))).listen(0, "127.0.0.1", () => {
  const discovery = { store_id, host: "127.0.0.1", port: server.address().port, pid: process.pid, boot_id: "b", version: "0.1.0", control: ${CONTROL}, token: "A".repeat(43), started_at: new Date().toISOString(), workspace };
  writeFileSync(folder + "/draft", JSON.stringify(discovery), { mode: 0o600 });
  renameSync(folder + "/draft", folder + "/sidecar.json");
});
setTimeout(() => process.exit(), 60_000);
`;

interface Station extends AsyncDisposable {
  readonly scratch: Scratch;
  readonly repo: string;
  readonly store: StoreFolder;
  locate(mode: string, more?: { startMs?: number; store?: StoreFolder }): ReturnType<typeof createLocate>;
  starts(): Promise<{ pid: number; command: string; flag: string; more: string[]; git: string[] }[]>;
}

async function station(): Promise<Station> {
  const scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  const store = await locateStore(await scratch.find(repo), { env: scratch.env });
  const launcher = join(scratch.folder, "launcher.mjs");
  await writeFile(launcher, LAUNCHER);
  const starts = async () => {
    const text = await readFile(join(store.folder, "starts"), "utf8").catch(() => "");
    return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Awaited<ReturnType<Station["starts"]>>[number]]));
  };
  return {
    scratch,
    repo,
    store,
    starts,
    locate: (mode, more = {}) =>
      createLocate({
        locateStore: () => Promise.resolve(more?.store ?? store),
        workspace: repo,
        launcher: [launcher],
        env: { ...scratch.env, MODE: mode, GIT_DIR: "/elsewhere" },
        ...more,
      }),
    async [Symbol.asyncDispose]() {
      for (const { pid } of await starts()) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          continue; // it has ended by itself
        }
      }
      await scratch[Symbol.asyncDispose]();
    },
  };
}

const healthOf = (storeId: string, control = CONTROL) =>
  JSON.stringify({
    status: "unavailable",
    store_id: storeId,
    workspace: "/w",
    session_id: "s",
    version: "0.1.0",
    control,
    format: 1,
    pid: 1,
    boot_id: "b",
    uri: "",
    clients: 0,
    durability: "disk",
  });

/** A server on loopback that says `body` to everybody, with a status that must not matter. */
async function saying(body: string, port = 0): Promise<{ port: number } & AsyncDisposable> {
  const server: Server = createServer((_request, response) => response.writeHead(503).end(body));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const STRANGERS_STORE = "00000000-0000-4000-8000-000000000000";

describe("finding a sidecar that runs", () => {
  it("asks the named port first, then the discovery file, then the derived port", async () => {
    await using at = await station();
    const { identity } = at.store;
    await using named = await saying(healthOf(identity.store_id));
    await using discovered = await saying(healthOf(identity.store_id));
    await using derived = await saying(healthOf(identity.store_id));
    const store = { ...at.store, identity: { ...identity, port: derived.port } };
    const published = await publishDiscovery(
      at.store,
      {
        store_id: identity.store_id,
        host: "127.0.0.1",
        port: discovered.port,
        pid: process.pid,
        boot_id: "b",
        version: "0.1.0",
        control: 1,
        token: newToken(),
        started_at: new Date().toISOString(),
        workspace: at.repo,
      },
      at.scratch.env,
    );
    const withEnv = (env: NodeJS.ProcessEnv) =>
      createLocate({ locateStore: () => Promise.resolve(store), workspace: at.repo, launcher: [], env: { ...at.scratch.env, ...env } });

    const uris = [await withEnv({ MPAC_SIDECAR_PORT: String(named.port) })(look()), await withEnv({})(look())];
    await discovered[Symbol.asyncDispose]();
    uris.push(await withEnv({ MPAC_SIDECAR_PORT: "none" })(look())); // the file is stale now
    await published[Symbol.asyncDispose]();
    uris.push(await withEnv({})(look()));

    const uriOf = ({ port }: { port: number }) => `ws://127.0.0.1:${port}/session/s`;
    expect(uris.map((found) => found?.uri)).toEqual([uriOf(named), uriOf(discovered), uriOf(derived), uriOf(derived)]);
  });

  it.each([
    { name: "a stranger's page", body: "hello" },
    { name: "the sidecar of another store", body: healthOf(STRANGERS_STORE) },
  ])("passes over $name on its port", async ({ body }) => {
    await using at = await station();
    await using stranger = await saying(body);
    const store = { ...at.store, identity: { ...at.store.identity, port: stranger.port } };
    const env = { ...at.scratch.env, MPAC_SIDECAR_HOST: "127.0.0.1", MPAC_SIDECAR_PORT: String(stranger.port) };

    expect(
      await createLocate({ locateStore: () => Promise.resolve(store), workspace: at.repo, launcher: [], env })(look()),
    ).toBeUndefined();
  });

  it("starts none where it may not write, and says what to run", async () => {
    await using at = await station();
    const locate = at.locate("up", { store: { ...at.store, writable: false } });

    await expect(locate(ask())).rejects.toMatchObject({
      code: "sidecar/read-only",
      sentence: expect.stringContaining("signalbox sidecar") as string,
    });

    expect(await at.starts()).toEqual([]);
  });
});

describe("a sidecar of another control number", () => {
  const SUCCEEDING = ["--idle-minutes", "30", "--succeed"];

  /** One that stands where the store's own port is, whatever that is for others. */
  async function standing(at: Station, control: number) {
    const server = await saying(healthOf(at.store.identity.store_id, control));
    const store = { ...at.store, identity: { ...at.store.identity, port: server.port } };
    return { store, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  }

  it("that is lower is succeeded once for twenty bridges", async () => {
    await using at = await station();
    await using old = await standing(at, CONTROL - 1);

    const found = await Promise.all(Array.from({ length: 20 }, () => at.locate("up", { store: old.store })(ask())));

    expect(new Set(found.map((one) => one?.uri)).size).toBe(1);
    expect(await at.starts()).toMatchObject([{ command: "sidecar", more: SUCCEEDING }]);
  });

  it("that is lower is asked again when a start of ours found the store taken", async () => {
    await using at = await station();
    await using old = await standing(at, CONTROL - 1);

    expect(await at.locate("second", { store: old.store })(ask())).toBeDefined();

    expect((await at.starts()).map(({ more }) => more)).toEqual([SUCCEEDING, SUCCEEDING]);
  });

  it("that is lower is left alone while nobody needs one, and where none may be started", async () => {
    await using at = await station();
    await using old = await standing(at, CONTROL - 1);
    const sandboxed = { ...old.store, writable: false };

    expect(await at.locate("up", { store: old.store })(look())).toBeUndefined();
    await expect(at.locate("up", { store: sandboxed })(ask())).rejects.toMatchObject({
      code: "sidecar/other-control",
      sentence: expect.stringContaining("signalbox stop") as string,
    });

    expect(await at.starts()).toEqual([]);
  });

  it("that is higher is left alone, with what to do", async () => {
    await using at = await station();
    await using newer = await standing(at, CONTROL + 1);

    await expect(at.locate("up", { store: newer.store })(ask())).rejects.toMatchObject({
      code: "sidecar/other-control",
      sentence: expect.stringContaining("restart your coding client") as string,
    });

    expect(await at.starts()).toEqual([]);
  });
});

describe("a store that is owned where we cannot see it", () => {
  async function owned(at: Station, agoMs: number, address?: Owner["address"]): Promise<void> {
    const renewed_at = new Date(Date.now() - agoMs).toISOString();
    const owner = { boot_id: "b", host_name: "container", pid: 77, renewed_at, ...(address === undefined ? {} : { address }) };
    const path = join(at.store.folder, "owner.json");
    await writeFile(path, JSON.stringify(owner));
    await utimes(path, (Date.now() - agoMs) / 1_000, (Date.now() - agoMs) / 1_000);
  }
  /** Where nobody answers. */
  const nowhere = { host: "127.0.0.1", port: 9 };

  it.each([
    { name: "writable", writable: true },
    { name: "read-only", writable: false },
  ])("starts none in a $name folder, and says who owns it", async ({ writable }) => {
    await using at = await station();
    await owned(at, 0, nowhere);

    await expect(at.locate("up", { store: { ...at.store, writable } })(ask())).rejects.toMatchObject({
      code: "store/owned-elsewhere",
      sentence: expect.stringMatching(/^the sidecar of container \(process 77, .*127\.0\.0\.1:9: run your client there/) as string,
    });

    expect(await at.starts()).toEqual([]);
  });

  it("is joined where the owner says that it answers", async () => {
    await using at = await station();
    await using owner = await saying(healthOf(at.store.identity.store_id));
    await owned(at, 0, { host: "127.0.0.1", port: owner.port });

    expect(await at.locate("up")(ask())).toMatchObject({ uri: `ws://127.0.0.1:${owner.port}/session/s` });
  });

  it("is waited for while its owner has not said where it answers", async () => {
    await using at = await station();
    await owned(at, 0);

    await expect(at.locate("up", { startMs: 300 })(ask())).rejects.toMatchObject({ code: "store/owned-elsewhere" });

    expect(await at.starts()).toEqual([]);
  });

  it("is free again when its owner has not been heard of for 20 s", async () => {
    await using at = await station();
    await owned(at, 21_000, nowhere);

    expect(await at.locate("up")(ask())).toBeDefined();

    expect(await at.starts()).toHaveLength(1);
  });

  it("is not somebody else's story: what a sidecar there has left is not told here", async () => {
    await using at = await station();
    const locating = at.locate("up")(ask());
    await writeStartError(at.store.folder, { code: "store/owned-elsewhere", sentence: "of another", at: new Date().toISOString(), pid: 1 });

    expect(await locating).toBeDefined();
  });
});

describe("starting one", () => {
  it("is done once for twenty bridges that find none, without git's own variables", async () => {
    await using at = await station();

    const found = await Promise.all(Array.from({ length: 20 }, () => at.locate("up")(ask())));

    const [start, ...others] = await at.starts();
    expect(new Set(found.map((one) => one?.uri)).size).toBe(1);
    expect(others).toEqual([]);
    expect(start).toMatchObject({ command: "sidecar", flag: "--workspace", git: ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"] });
    expect(await readFile(join(at.store.folder, "sidecar.log"), "utf8")).toBe("launched\n");
  });

  it("is not done for a bridge that has gone meanwhile", async () => {
    await using at = await station();
    const gone = AbortSignal.abort(new Error("gone"));

    await expect(at.locate("up")({ mayStart: true, signal: gone })).rejects.toThrow("gone");

    expect(await readdir(at.store.folder)).toEqual(["store.json"]);
  });

  it("that comes to nothing gives the sidecar's own sentence, and not that of an earlier start", async () => {
    await using at = await station();
    await writeStartError(at.store.folder, { code: "old", sentence: "an old story", at: new Date().toISOString(), pid: 1 });

    await expect(at.locate("error")(ask())).rejects.toMatchObject({
      name: "SidecarUnavailable",
      code: "store/corrupt",
      sentence: "the log is corrupt: run `signalbox store set-aside`",
    });
  });

  it("that ends without a word is told with its exit code and its log", async () => {
    await using at = await station();

    await expect(at.locate("die")(ask())).rejects.toMatchObject({
      code: "sidecar/ended-early",
      sentence: expect.stringMatching(/code 3 .*sidecar\.log/) as string,
    });
  });

  it("is given up after its time, also when another one holds the store in silence", async () => {
    await using at = await station();
    await mkdir(join(at.store.folder, "held"));

    await expect(at.locate("up", { startMs: 600 })(ask())).rejects.toMatchObject({ code: "sidecar/slow-start" });
  });

  it("is not tried on a full disk, which is said at once", async ({ skip }) => {
    await using at = await station();
    await using disk = await fullDisk(at.store.folder, ["store.json"]);
    if (disk === undefined) return skip("nothing can be mounted here");

    await expect(at.locate("up")(ask())).rejects.toMatchObject({
      name: "SidecarUnavailable",
      code: "store/unavailable",
      passing: false,
      sentence: `no sidecar runs for ${at.repo}, and none can be started: ${at.store.folder}/start.lock cannot be written: the disk is full; make room and start again`,
    });
  });

  it("keeps one older log when the log has grown", async () => {
    await using at = await station();
    await writeFile(join(at.store.folder, "sidecar.log"), "x".repeat(1024 * 1024 + 1));

    await at.locate("up")(ask());

    expect(await readFile(join(at.store.folder, "sidecar.log"), "utf8")).toBe("launched\n");
    expect((await readFile(join(at.store.folder, "sidecar.log.1"))).length).toBe(1024 * 1024 + 1);
  });
});
