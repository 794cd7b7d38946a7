import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { bootId } from "../git/boot-id.ts";
import { publishDiscovery, readDiscovery } from "../git/discovery-file.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { CONTROL } from "../wire/versions.ts";
import { discoveryOf, healthOf, signalbox, startedSidecar, storeOf, strangerProcess } from "./program.test.fixture.ts";
import { isAlive } from "./running.ts";
import { stopSidecar } from "./stop-sidecar.ts";

it("ends the sidecar of its workspace and no other, and has seen it go", async () => {
  await using scratch = await scratchFolder();
  const [repo, other] = [await scratch.repository("repo"), await scratch.repository("other")];
  await using sidecar = await startedSidecar(scratch, repo);
  await using bystander = await startedSidecar(scratch, other);

  const stopped = await signalbox(scratch, "stop", "--json", "--workspace", repo);
  const ended = await sidecar.ended;

  expect(stopped).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(stopped.stdout)).toEqual({ stopped: true, workspace_dir: repo, pid: sidecar.pid });
  expect(ended.code).toBe(0);
  expect(await healthOf(scratch, repo)).toBeUndefined();
  expect((await healthOf(scratch, other))?.pid).toBe(bystander.pid);
});

it("says so where none runs", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");

  const shown = await signalbox(scratch, "stop", "--workspace", repo);

  expect(shown).toEqual({ code: 0, stdout: `No sidecar runs for ${repo}.\n`, stderr: "" });
});

it("ends one that has answered before its discovery file is there", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  const store = await storeOf(scratch, repo);
  const boot_id = "of another machine, so that nobody looks for its process";
  let asked = 0;
  const sidecar = createServer((request, response) => {
    const { port } = sidecar.address() as AddressInfo;
    if (request.method === "POST") {
      response.writeHead(202).end();
      sidecar.close().closeAllConnections();
      return;
    }
    const discovery = discoveryOf(store, port, { boot_id });
    const left = (asked += 1) === 2 ? discovery.then((file) => publishDiscovery(store, file, scratch.env)) : discovery;
    const health = {
      status: "ok",
      store_id: store.identity.store_id,
      workspace: repo,
      session_id: "s",
      version: "0.1.0",
      control: CONTROL,
    };
    const more = { format: 1, pid: process.pid, boot_id, uri: "", clients: 0, durability: "disk" };
    void left.then(() => response.end(JSON.stringify({ ...health, ...more })));
  }).listen(0, "127.0.0.1");
  await once(sidecar, "listening");
  const env = { ...scratch.env, MPAC_SIDECAR_PORT: String((sidecar.address() as AddressInfo).port) };

  const stopped = await signalbox({ ...scratch, env }, "stop", "--json", "--workspace", repo);

  expect(stopped).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(stopped.stdout)).toMatchObject({ stopped: true, pid: process.pid });
});

it("does not end one whose token it does not have", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using sidecar = await startedSidecar(scratch, repo);
  const health = { pid: sidecar.pid, boot_id: (await healthOf(scratch, repo))?.boot_id ?? "" };
  const discovery = await readDiscovery(await storeOf(scratch, repo), scratch.env);
  if (discovery === undefined) throw new Error("it has left no discovery file");

  await expect(stopSidecar(health, undefined)).rejects.toMatchObject({ code: "sidecar/no-token" });
  await expect(stopSidecar(health, { ...discovery, token: "A".repeat(43) })).rejects.toMatchObject({ code: "sidecar/no-token" });

  expect(await isAlive(sidecar.pid)).toBe(true);
});

it.skipIf(process.platform !== "linux")(
  "waits for nobody whose pid the sidecar had when that has gone",
  async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using innocent = await strangerProcess();
    const health = { pid: innocent.pid, boot_id: await bootId() };
    const sidecar = createServer((_request, response) => {
      response.writeHead(202).end();
      sidecar.close().closeAllConnections();
    }).listen(0, "127.0.0.1");
    await once(sidecar, "listening");
    const discovery = await discoveryOf(await storeOf(scratch, repo), (sidecar.address() as AddressInfo).port, health);

    await stopSidecar(health, discovery);

    expect(await isAlive(innocent.pid)).toBe(true);
  },
  5_000,
);

it.skipIf(process.platform !== "linux").each([
  { name: "of this machine that runs no sidecar", boot: undefined },
  { name: "of another machine", boot: "another" },
])("names no process $name as the one to end", async ({ boot }) => {
  const health = { pid: process.pid, boot_id: boot ?? (await bootId()) };

  const refused = stopSidecar(health, undefined);

  await expect(refused).rejects.toMatchObject({ code: "sidecar/no-token" });
  await expect(refused).rejects.not.toThrow(String(process.pid));
});
