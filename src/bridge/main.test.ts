import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { bridgeIn } from "./bridge.test.fixture.ts";
import { eventually } from "./eventually.test.fixture.ts";
import { argumentsFor, bridge, LEGACY, type Message, MODERN, ROOT } from "./host.test.fixture.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

const toolNames = ({ result = {} }: Message) => (result["tools"] as { name: string }[]).map(({ name }) => name);

describe("before any tool is called", () => {
  it("answers the older era from where no repository is, and nothing else is on stdout", async () => {
    await using scratch = await scratchFolder();
    await using ana = bridge(scratch, ["--workspace", join(scratch.folder, "nowhere")]);

    const welcome = await ana.ask("initialize", LEGACY);
    ana.say("notifications/initialized", {});
    const list = await ana.ask("tools/list");
    const called = await ana.ask("tools/call", { name: "who_is_working", arguments: {} });
    const unknown = await ana.ask("tools/call", { name: "derail", arguments: {} });
    const ended = await ana.end();

    expect(welcome.result).toMatchObject({ protocolVersion: "2025-06-18", serverInfo: { name: "signalbox" }, capabilities: { tools: {} } });
    expect(welcome.result?.["instructions"]).toContain("begin_task");
    expect(toolNames(list)).toContain("submit_change");
    expect(called.result).toMatchObject({ isError: true, structuredContent: { code: "WORKSPACE_NO_FOLDER" } });
    expect(unknown.error).toMatchObject({ code: -32602, message: expect.stringContaining("who_is_working") as string });
    expect(ended).toEqual({ code: 0, stderr: "", unread: [] });
  });

  it("answers the newer era, with how long its lists may be kept, and takes initialize after a probe", async () => {
    await using scratch = await scratchFolder();
    await using modern = bridge(scratch, ["--read-only"]);
    await using probing = bridge(scratch, []);

    const [discovered, list] = [await modern.ask("server/discover", MODERN), await modern.ask("tools/list", MODERN)];
    await probing.ask("server/discover", MODERN);
    const welcome = await probing.ask("initialize", LEGACY);

    expect(discovered.result).toMatchObject({
      supportedVersions: ["2026-07-28"],
      instructions: expect.stringContaining("begin_task") as string,
    });
    expect(list.result).toMatchObject({ ttlMs: 60_000, cacheScope: "public" });
    expect(toolNames(list)).toEqual(["who_is_working", "check_overlap", "get_file_state", "read_messages", "get_bus_status"]);
    expect(welcome.result).toMatchObject({ protocolVersion: "2025-06-18" });
  });

  it("answers as much at once as a host asks, and says nothing else of it", async () => {
    await using scratch = await scratchFolder();
    await using ana = bridge(scratch, []);
    await ana.ask("initialize", LEGACY);

    const lists = await Promise.all(Array.from({ length: 40 }, () => ana.ask("tools/list")));
    const { stderr } = await ana.end();

    expect(new Set(lists.map(({ result }) => JSON.stringify(result))).size).toBe(1);
    expect(stderr).toBe("");
  });

  it.each([
    { args: ["--channel"], says: "--channel" },
    { args: ["--tools", "derail"], says: "there is no tool" },
  ])("refuses $args in one line with code 2", async ({ args, says }) => {
    await using scratch = await scratchFolder();
    await using refused = bridge(scratch, args);

    const { code, stderr } = await refused.end();

    expect(code).toBe(2);
    expect(stderr).toMatch(/^signalbox: [^\n]+\n$/);
    expect(stderr).toContain(says);
  });
});

describe("with a sidecar", () => {
  it("serves the older SDK's client, joins under the host's name and says goodbye when its stdin closes", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarFor(repo);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });
    const client = new Client({ name: "Old Host", version: "1" });
    const env = Object.fromEntries(Object.entries(scratch.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
    const transport = new StdioClientTransport({ command: process.execPath, args: argumentsFor(["--workspace", repo]), cwd: ROOT, env });

    await client.connect(transport);
    const { tools } = await client.listTools();
    const begun = await client.callTool({ name: "begin_task", arguments: { objective: "o", files: ["a.ts"] } });
    const wrong = await client.callTool({ name: "begin_task", arguments: { objective: "o", files: ["a.ts"], tickets: "t" } });
    const held = await bo.call("check_overlap", { files: ["a.ts"] });
    await client.close();
    const free = await bo.call("check_overlap", { files: ["a.ts"] });

    expect(sidecar.port).toBeGreaterThan(0);
    expect(tools).toHaveLength(16);
    expect(begun.structuredContent).toMatchObject({ status: "ok", principal_id: "old-host:ana@repo" });
    expect(wrong).toMatchObject({ isError: true });
    expect([held["has_overlap"], free["has_overlap"]]).toEqual([true, false]);
  });

  it.each([
    { name: "the end of stdin", act: ({ stdin }: ChildProcess) => stdin?.end() },
    { name: "SIGTERM", act: (child: ChildProcess) => child.kill("SIGTERM") },
    { name: "SIGINT", act: (child: ChildProcess) => child.kill("SIGINT") },
  ])("ends with its task withdrawn on $name", async ({ act }) => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarFor(repo);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });
    await using ana = bridge(scratch, ["--workspace", repo]);

    const begun = await ana.ask("tools/call", { ...MODERN, name: "begin_task", arguments: { objective: "o", files: ["a.ts"] } });
    act(ana.process);
    const [code] = (await once(ana.process, "close")) as [number | null];
    const free = await bo.call("check_overlap", { files: ["a.ts"] });

    expect(sidecar.port).toBeGreaterThan(0);
    expect(begun.result).toMatchObject({ structuredContent: { status: "ok", principal_id: "ana" } });
    expect(code).toBe(0);
    expect(free).toMatchObject({ has_overlap: false });
  });

  it("gives mail again that went into an answer which its host had taken back", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using bo = bridgeIn(scratch, repo, { principal: "bo", drains: true });
    await using ana = bridge(scratch, ["--workspace", repo, "--profile", "core,peers"]);
    const call = (name: string) =>
      ana.ask("tools/call", { ...MODERN, name, arguments: {} }) as Promise<{ result: { structuredContent: { messages?: object[] } } }>;
    await call("bus_peers");
    await bo.call("bus_send", { to: "ana", body: "keep" });
    await eventually(async () => ("unread" in (await call("bus_peers")).result.structuredContent ? true : undefined));

    ana.say("tools/call", { ...MODERN, name: "bus_drain", arguments: {} }, 1);
    ana.say("notifications/cancelled", { requestId: 1 });
    // The first call may not have given it back yet when the next one comes.
    const drained = await eventually(async () => {
      const { messages } = (await call("bus_drain")).result.structuredContent;
      return messages?.length === 0 ? undefined : messages;
    });
    const again = await call("bus_drain");

    expect(drained).toMatchObject([{ from: "bo", body: "keep" }]);
    expect(again.result.structuredContent).toMatchObject({ messages: [] });
    expect((await ana.end()).unread).toEqual([]);
  });

  it("ends with its stdin while a call waits for a sidecar that does not answer", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using silent = await listening();
    await using ana = bridge(scratch, ["--workspace", repo], { MPAC_SIDECAR_PORT: String(silent.port) });

    ana.say("tools/call", { ...MODERN, name: "who_is_working", arguments: {} }, 1);
    await silent.called;
    const ended = await ana.end();

    expect(ended).toMatchObject({ code: 0, unread: [] });
  });

  it.skipIf(process.platform === "win32")("ends with its stdin while git does not answer", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using silent = await listening();
    const bin = join(scratch.folder, "bin");
    const git = `#!/bin/bash\ncase "$*" in *rev-parse*) PATH=\${PATH#*:} exec git "$@";; esac\nexec 3<>/dev/tcp/127.0.0.1/${silent.port}\nread -r -u 3\n`;
    await mkdir(bin);
    await writeFile(join(bin, "git"), git, { mode: 0o755 });
    await using ana = bridge(scratch, ["--workspace", repo], { PATH: `${bin}:${scratch.env["PATH"]}` });

    ana.say("tools/call", { ...MODERN, name: "who_is_working", arguments: {} }, 1);
    await silent.called;
    const ended = await ana.end();

    expect(ended).toMatchObject({ code: 0, unread: [] });
  });
});

/** A server that takes connections and says nothing. */
async function listening(): Promise<{ port: number; called: Promise<unknown> } & AsyncDisposable> {
  const server = createServer();
  const sockets: Socket[] = [];
  server.on("connection", (socket) => sockets.push(socket.on("error", () => undefined)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    called: once(server, "connection"),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const HOST = `
const { openSync, writeSync } = require("node:fs");
const [fifo, ...bridge] = process.argv.slice(1);
const stdin = openSync(fifo, "r+");
writeSync(stdin, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: ${JSON.stringify(LEGACY)} }) + "\\n");
require("node:child_process").spawn(process.execPath, bridge, { stdio: [stdin, "inherit", "inherit"] });
`;

it.skipIf(process.platform === "win32")("ends with its host although somebody still holds its stdin", async () => {
  await using scratch = await scratchFolder();
  const fifo = join(scratch.folder, "stdin");
  await promisify(execFile)("mkfifo", [fifo]);
  const host = spawn(process.execPath, ["-e", HOST, "--", fifo, ...argumentsFor([])], { cwd: ROOT, env: scratch.env });
  const [answer] = (await once(host.stdout, "data")) as [Buffer];

  host.kill("SIGKILL");

  expect(answer.toString()).toContain('"serverInfo"');
  expect(await once(host, "close")).toEqual([null, "SIGKILL"]); // its stdout, which the bridge has as well
});

it("ends with a line when its host sends more than a message may be", async () => {
  await using scratch = await scratchFolder();
  await using ana = bridge(scratch, []);
  expect((await ana.ask("initialize", LEGACY)).result).toBeDefined();

  const ended = once(ana.process, "close");
  ana.process.stdin?.write(Buffer.alloc(49 * 1024 * 1024, "x"));
  await ended;
  const { stderr } = await ana.end();

  expect(stderr).toMatch(/exceeded maximum size/);
});
