import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { createSessionClient, type SessionClient } from "../client/session-client.ts";
import { publishDiscovery } from "../git/discovery-file.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { CONTROL } from "../wire/versions.ts";
import { EXIT } from "./exit-codes.ts";
import { discoveryOf, processesIn, sidecarHere, signalbox, storeOf } from "./program.test.fixture.ts";

const joined = async (principalId: string, uri: string): Promise<SessionClient> => {
  const client = createSessionClient({
    principalId,
    displayName: principalId,
    roles: ["contributor"],
    capabilities: [],
    control: CONTROL,
    locate: () => Promise.resolve({ uri }),
  });
  await client.join();
  return client;
};

const announce = (client: SessionClient, id: string, objective: string) =>
  client.send("INTENT_ANNOUNCE", {
    intent_id: id,
    objective,
    scope: { kind: "file_set", resources: ["src/app.ts"] },
    extensions: { signalbox: { on_overlap: "proceed" } },
  });

it("shows who is there and what they hold, and is not there itself", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using sidecar = await sidecarHere(repo);
  await using ana = await joined("ana", sidecar.uri);
  await using bo = await joined("bo", sidecar.uri);
  await announce(ana, "intent-ana", "fix\u001b[31m the build");
  await announce(bo, "intent-bo", "rename it");

  const json = await signalbox(scratch, "status", "--json", "--workspace", repo);
  const shown = await signalbox(scratch, "status", "--workspace", repo);

  expect(json).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(json.stdout)).toMatchObject({
    running: true,
    sidecar: { pid: process.pid, uri: sidecar.uri },
    workspace_dir: repo,
    participant_count: 2,
    active_intent_count: 2,
    open_conflict_count: 1,
    participants: [{ principal_id: "ana" }, { principal_id: "bo" }],
    active_intents: [{ intent_id: "intent-ana" }, { intent_id: "intent-bo" }],
  });
  expect(shown.code).toBe(0);
  expect(shown.stdout).toContain('intent-ana  "fix the build"');
  expect(shown.stdout).not.toContain("\u001b");
});

describe("where no sidecar answers", () => {
  it("says so when none runs, and starts none", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");

    const json = await signalbox(scratch, "status", "--json", "--workspace", repo);
    const shown = await signalbox(scratch, "status", "--workspace", repo);

    expect([json.code, shown.code]).toEqual([0, 0]);
    expect(JSON.parse(json.stdout)).toEqual({
      running: false,
      workspace_dir: repo,
      session_id: (await storeOf(scratch, repo)).identity.session_id,
    });
    expect(shown.stdout).toContain(`No sidecar runs for ${repo}`);
    expect(await processesIn(scratch.folder)).toEqual([]);
  });

  it("passes over what a sidecar that was killed has left, though its pid is somebody else's now", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const store = await storeOf(scratch, repo);
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    await using _left = await publishDiscovery(store, await discoveryOf(store, port), scratch.env);

    const { code, stdout } = await signalbox(scratch, "status", "--json", "--workspace", repo);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ running: false });
  });

  it("says that it cannot be told when one takes connections and is silent", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const store = await storeOf(scratch, repo);
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket.on("error", () => undefined))).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    await using _left = await publishDiscovery(store, await discoveryOf(store, port), scratch.env);

    const { code, stdout } = await signalbox(scratch, "status", "--json", "--workspace", repo);
    for (const socket of sockets) socket.destroy();
    silent.close();

    expect(code).toBe(EXIT.unreachable);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "sidecar/no-answer" } });
  });
});
