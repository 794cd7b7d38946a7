/** The peers' bus of a sidecar, as its clients find it: by which paths, with which tokens, and how long it keeps the sidecar. */
import { once } from "node:events";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { startHosted } from "./hosted.ts";
import { serveMail } from "./mail.ts";
import { findPlace, startSidecar } from "./sidecar.ts";
import { readHostedConfig, readSidecarConfig } from "../config.ts";
import { mail } from "../core/mail/mail.ts";
import { createDoor } from "../edge/http/door.ts";
import { createEngine } from "../engine/engine.ts";
import { silentLog } from "../engine/log.ts";
import { createManualClock } from "../engine/manual-clock.test.fixture.ts";
import { readDiscovery } from "../git/discovery-file.ts";
import { hostedStore } from "../git/hosted-store.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { judgeLog, openStoredLog } from "./kept-log.ts";
import { createLog } from "../log.ts";
import { memoryStore } from "../store/memory.ts";
import type { SessionId } from "../wire/ids.ts";

const silent = createLog("silent");

interface Joined {
  readonly socket: WebSocket;
  /** The next frame as its text, or the reason for which it was closed. */
  readonly next: () => Promise<string>;
}

async function join(port: number, path: string, name: string, token: string): Promise<Joined> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  const said: string[] = [];
  let hear: () => void = () => undefined;
  socket.on("message", (data: Buffer) => {
    said.push(data.toString("utf8"));
    hear();
  });
  socket.on("close", (_code, reason) => {
    said.push(reason.toString());
    hear();
  });
  await once(socket, "open");
  socket.send(JSON.stringify({ protocol_version: "v1", type: "register", token, name }));
  return {
    socket,
    async next() {
      while (said.length === 0) await new Promise<void>((resolve) => (hear = resolve));
      return said.shift() ?? "";
    },
  };
}

const listed = (...names: string[]): string => `{"protocol_version":"v1","type":"peers","names":${JSON.stringify(names)}}`;
const letter = (from: string, to: string): string =>
  JSON.stringify({ protocol_version: "v1", id: `${from}-${to}`, from, to, ts: "", source: "", kind: "msg", body: null, hmac: "" });

it("lets into a repository's bus who has its token or one of the peers', and keeps a name over its lives", async () => {
  await using scratch = await scratchFolder();
  const workspace = await scratch.repository("repo");
  const start = async () => {
    const config = readSidecarConfig({ workspace, port: "0" }, { PEERBUS_TOKENS: "peers-token" });
    const place = await findPlace(config, workspace);
    const sidecar = await startSidecar(config, place, silent);
    const { token = "" } = (await readDiscovery(place.store)) ?? {};
    return { sidecar, token, store: place.store, path: `/session/${place.store.identity.session_id}/peer` };
  };
  const one = await start();
  const ana = await join(one.sidecar.port, "/peer", "ana", one.token);
  const first = await ana.next();
  const bo = await join(one.sidecar.port, one.path, "bo", "peers-token");
  const second = await bo.next();
  const stranger = await (await join(one.sidecar.port, "/peer", "cy", "no")).next();
  const thief = await (await join(one.sidecar.port, "/peer", "ana", "peers-token")).next();
  ana.socket.send(letter("ana", "bo"));
  const brought = await bo.next();
  await one.sidecar[Symbol.asyncDispose]();
  const farewell = await ana.next();

  const two = await start();
  const again = await (await join(two.sidecar.port, "/peer", "ana", two.token)).next();
  const later = await join(two.sidecar.port, "/peer", "bo", "peers-token");
  await later.next();
  const redelivered = await later.next();
  const answer = await fetch(`http://127.0.0.1:${two.sidecar.port}/peer`);
  await two.sidecar[Symbol.asyncDispose]();
  await using log = await openStoredLog(two.store);
  const reports = await judgeLog(log, () => undefined);

  expect([first, second, stranger, thief]).toEqual([
    listed("ana"),
    listed("ana", "bo"),
    "invalid bearer token",
    "name claimed under a different token",
  ]);
  expect([again, redelivered, farewell]).toEqual([listed("ana"), brought, "server shutting down"]);
  expect(answer.status).toBe(426);
  expect(reports.map(({ stream, flaw }) => [stream.slice(stream.lastIndexOf("/")), flaw])).toContainEqual(["/mail", undefined]);
});

it("lets into a hosted session's bus whose token is for that session, each session with peers of its own", async () => {
  await using scratch = await scratchFolder();
  const table = { "ana-token": { allowed_sessions: ["red", "blue"] }, "bo-token": { allowed_sessions: ["blue"] } };
  const config = readHostedConfig(
    { port: "0", store: `${scratch.folder}/store` },
    { MPAC_TOKEN_TABLE: JSON.stringify(table), PEERBUS_TOKENS: "any" },
  );
  await using sidecar = await startHosted(config, await hostedStore(config.store), silent);
  const said = async (session: string, name: string, token: string): Promise<string> =>
    (await join(sidecar.port, `/session/${session}/peer`, name, token)).next();

  const red = await said("red", "ana", "ana-token");
  const elsewhere = await said("red", "bo", "bo-token");
  const blue = await said("blue", "bo", "bo-token");
  const ofNoSession = await said("blue", "cy", "any");

  expect([red, elsewhere, blue, ofNoSession]).toEqual([listed("ana"), "invalid bearer token", listed("bo"), "invalid bearer token"]);
});

it("keeps a sidecar from its idle end while a peer is connected or young mail waits, found on the log after a restart too", async () => {
  const store = memoryStore();
  const clock = createManualClock();
  const resident = "s" as SessionId;
  const config = readSidecarConfig({}, {});
  const life = () => {
    const engine = createEngine({ store, log: silentLog, node: "test", clock });
    const common = { engine, token: "own", onActivity: () => undefined, own: <Owned>(owned: Owned) => owned };
    return {
      engine,
      post: serveMail(common, { config, log: silent, door: createDoor({ own: "own" }), sessionAt: () => resident, resident }),
    };
  };
  const settled = async (post: { isBusy: () => boolean }): Promise<boolean> => {
    post.isBusy();
    for (let loop = 0; loop < 50; loop += 1) await new Promise((resolve) => setImmediate(resolve));
    return post.isBusy();
  };
  const before = life();
  const untouched = await settled(before.post);
  const streams = (await store.streams()).length;
  const stream = await before.engine.open(mail, resident, { release_after_sec: 60 });
  const actor = { principal: "ana", verified: "self" } as const;
  const say = (command: Parameters<typeof stream.host.submit>[0]["command"]) =>
    new Promise((resolve) => stream.host.submit({ command, actor }, resolve));
  await say({ type: "Register", name: "ana", fingerprint: "own", connection: "1" });
  await say({ type: "Send", name: "ana", id: "1", from: "ana", to: "ana", kind: "msg", envelope: "{}", bytes: 2 });
  await before.engine.close();

  const after = life();
  const found = await settled(after.post);
  clock.sleep(24 * 60 * 60 * 1000);
  const old = after.post.isBusy();
  await after.engine.close();

  expect({ untouched, streams, found, old }).toEqual({ untouched: false, streams: 0, found: true, old: false });
});
