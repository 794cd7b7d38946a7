import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { findPlace, startSidecar } from "./sidecar.ts";
import { askControl } from "../client/control.ts";
import { readSidecarConfig } from "../config.ts";
import { readDiscovery } from "../git/discovery-file.ts";
import { readOwner } from "../git/owner-file.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { createLog } from "../log.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import { RECORD_FORMAT } from "../wire/record.ts";
import { CONTROL } from "../wire/versions.ts";

const silent = createLog("silent");

it("hands over a closed log and leaves no trace of itself before it says so, with its clients still there", async () => {
  await using scratch = await scratchFolder();
  const config = readSidecarConfig({ workspace: await scratch.repository("repo") }, {});
  const place = await findPlace(config, scratch.folder);
  const sidecar = await startSidecar(config, place, silent);
  const { folder, logPath } = place.store;
  const socket = new WebSocket(sidecar.uri);
  await once(socket, "open");
  const closed = once(socket, "close");
  const owner = await readOwner(folder);
  const discovery = await readDiscovery(place.store);

  const body = { control: CONTROL + 1, format: RECORD_FORMAT, version: "9.9.9" };
  const { host = "", port = 0, token = "" } = discovery ?? {};
  const answer = await askControl({ host, port, token, path: "/control/handover", body, limitMs: 5_000 });
  await (await openSqliteStore({ path: logPath })).close();
  const left = await readdir(folder);
  const reason = await sidecar.stopped;
  const state = socket.readyState;
  await sidecar[Symbol.asyncDispose]();

  expect(owner).toMatchObject({ pid: process.pid, address: { host: "127.0.0.1", port: sidecar.port } });
  expect(answer).toMatchObject({ status: 200, body: { status: "handed-over" } });
  expect(left.filter((name) => ["sidecar.json", "owner.json", "log.db-wal"].includes(name))).toEqual([]);
  expect([reason, state]).toEqual(["handed over to release 9.9.9", WebSocket.OPEN]);
  expect((await closed)[0]).toBe(1012);
});

it("takes the port of the sidecar that it follows, as soon as that is free", async () => {
  await using scratch = await scratchFolder();
  const [one, two] = [await scratch.repository("one"), await scratch.repository("two")];
  const start = async (workspace: string, followed?: number) => {
    const config = readSidecarConfig({ workspace }, {});
    return startSidecar(config, await findPlace(config, workspace), silent, followed);
  };
  const first = await start(one);

  const following = start(two, first.port);
  await first[Symbol.asyncDispose]();
  await using second = await following;

  expect(second.port).toBe(first.port);
});
