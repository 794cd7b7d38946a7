/** Whose token is taken out of the table of a hosted sidecar while it runs: every way in which it is there ends, and nobody else's. */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { bearer, joined } from "./board.test.fixture.ts";
import { startHosted } from "./hosted.ts";
import { readHostedConfig } from "../config.ts";
import { hostedStore } from "../git/hosted-store.ts";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { createLog } from "../log.ts";

const entry = (holder: string) => ({ allowed_sessions: ["red"], roles: ["contributor"], holder });
const TABLE = { "ana-token": entry("ana"), "bo-token": entry("bo") };

async function hosted({ folder }: Scratch) {
  const file = join(folder, "tokens.json");
  const write = (table: object) => writeFile(file, JSON.stringify(table));
  await write(TABLE);
  const config = readHostedConfig({ multiSession: true, port: "0", store: join(folder, "store") }, { MPAC_TOKEN_TABLE_FILE: file });
  const sidecar = await startHosted(config, await hostedStore(config.store), createLog("silent"));
  const at = `127.0.0.1:${sidecar.port}/session/red`;

  /** Everything that somebody has open by one token: a session, a peer's socket, the events of the board and those of the panel. */
  async function opened(name: string, token: string) {
    const participant = await joined(`ws://${at}`, name, token);
    const peer = new WebSocket(`ws://${at}/peer`);
    await once(peer, "open");
    peer.send(JSON.stringify({ protocol_version: "v1", type: "register", token, name }));
    await once(peer, "message");
    const [events, panel] = await Promise.all(
      ["api/bus/events", "dashboard/events"].map((path) => fetch(`http://${at}/${path}`, { headers: bearer(token) })),
    );
    return {
      sockets: [participant.socket, peer],
      closed: Promise.all([participant.socket, peer].map(async (socket) => (await once(socket, "close")) as [number, Buffer])),
      streams: [events as Response, panel as Response],
    };
  }
  return {
    opened,
    /** What comes of a claim of the one lane that there is, and how many wait for it. */
    async claim(owner: string, token: string, wait: object = {}) {
      const headers = { ...bearer(token), "content-type": "application/json" };
      const answer = await fetch(`http://${at}/api/bus/lanes/deploy/claim`, {
        method: "POST",
        headers,
        body: JSON.stringify({ owner, ...wait }),
      });
      return { status: answer.status, ...((await answer.json()) as { readonly detail?: string; readonly ahead?: number }) };
    },
    async renew(table: object): Promise<number> {
      await write(table);
      return sidecar.renew();
    },
    [Symbol.asyncDispose]: () => sidecar[Symbol.asyncDispose](),
  };
}

it.each([
  { name: "is gone", next: { "ana-token": TABLE["ana-token"] } },
  { name: "was changed for another of its holder", next: { "ana-token": TABLE["ana-token"], "bo-new": entry("bo") } },
  { name: "opens other sessions only", next: { ...TABLE, "bo-token": { ...entry("bo"), allowed_sessions: ["blue"] } } },
])("ends the session, the peer's socket and the streams of whose token $name, each in its words", async ({ next }) => {
  await using scratch = await scratchFolder();
  await using served = await hosted(scratch);
  const ana = await served.opened("ana", "ana-token");
  const bo = await served.opened("bo", "bo-token");

  expect(await served.renew(next)).toBe(4);

  const closed = (await bo.closed).map(([code, reason]) => [code, reason.toString()]);
  const [events, panel] = await Promise.all(bo.streams.map((stream) => stream.text()));
  expect(closed).toEqual([
    [1008, "its token opens this session no more"],
    [1008, "invalid bearer token"],
  ]);
  expect(events).toBe(": connected\n\n");
  expect(panel).toMatch(/event: fault\ndata: \{"detail":"this token is not (known here|for this session).*\}\n\n$/);
  expect(await served.renew(next)).toBe(0);
  expect(ana.sockets.map(({ readyState }) => readyState)).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
  for (const stream of ana.streams) await stream.body?.cancel();
});

it("ends what waits for a lane when its token is somebody else's, whoever that is", async () => {
  await using scratch = await scratchFolder();
  await using served = await hosted(scratch);
  await served.claim("ana", "ana-token");
  const waiting = served.claim("bo", "bo-token", { wait_s: 50 });
  await expect.poll(async () => (await served.claim("bo/other", "bo-token", { wait_s: 0.01 })).ahead).toBe(1);

  const dismissed = await served.renew({ ...TABLE, "bo-token": entry("cy") });

  expect(dismissed).toBe(1);
  expect(await waiting).toMatchObject({ status: 401, detail: expect.stringMatching(/^this token was given to somebody else/) as string });
});
