import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newToken, publishDiscovery } from "../git/discovery-file.ts";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import { VERSION } from "../version.ts";
import { RECORD_FORMAT } from "../wire/record.ts";
import { CONTROL } from "../wire/versions.ts";
import { storeOf } from "./program.test.fixture.ts";
import { succeed } from "./succeed.ts";

let scratch: Scratch;
let store: StoreFolder;
beforeEach(async () => {
  scratch = await scratchFolder();
  store = await storeOf(scratch, await scratch.repository("repo"));
});
afterEach(() => scratch[Symbol.asyncDispose]());

interface Old extends AsyncDisposable {
  readonly port: number;
  /** What it was asked at `/control/handover`: the body, and whether it came with the token. */
  readonly asked: { readonly body: unknown; readonly hasToken: boolean }[];
}

/** A sidecar of another release, as far as it shows: it answers as it is told, and goes for good where `goes` says so. */
async function sidecar(
  control: number,
  answer: { status: number; body?: object } | "none",
  { goes = false, leaves = true } = {},
): Promise<Old> {
  const asked: Old["asked"] = [];
  const token = newToken();
  let isGone = false;
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (isGone) return void response.destroy();
    if (request.url === "/healthz") return void response.end(JSON.stringify(health()));
    asked.push({ body: JSON.parse(await text(request)) as unknown, hasToken: request.headers.authorization === `Bearer ${token}` });
    isGone = goes;
    if (answer === "none") return;
    response.writeHead(answer.status).end(JSON.stringify(answer.body ?? {}));
  }
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const common = { store_id: store.identity.store_id, pid: process.pid, boot_id: "b", version: "0.0.1", control, workspace: "/w" };
  const health = () => ({ ...common, status: "ok", session_id: "s", format: 1, uri: "", clients: 0, durability: "disk" });
  // Where it has left no file it is found by the port that the user names.
  const discovery = { ...common, host: "127.0.0.1", port, token, started_at: new Date().toISOString() };
  const published = leaves ? await publishDiscovery(store, discovery, scratch.env) : undefined;
  return {
    port,
    asked,
    async [Symbol.asyncDispose]() {
      await published?.[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const HANDED_OVER = { status: 200, body: { status: "handed-over", pid: 1, version: "0.0.1" } };

describe("a sidecar that is to succeed another", () => {
  it("asks the older one, with its token, and gets the port that clients know", async () => {
    await using old = await sidecar(CONTROL - 1, HANDED_OVER);

    expect(await succeed(store, scratch.env)).toBe(old.port);

    expect(old.asked).toEqual([{ body: { control: CONTROL, format: RECORD_FORMAT, version: VERSION, pid: process.pid }, hasToken: true }]);
  });

  it.each([
    ["the same number", CONTROL],
    ["a higher one", CONTROL + 1],
  ])("asks none of %s", async (_name, control) => {
    await using other = await sidecar(control, HANDED_OVER);

    expect(await succeed(store, scratch.env)).toBeUndefined();

    expect(other.asked).toEqual([]);
  });

  it("asks nobody where none runs, and needs no answer of one that goes meanwhile", async () => {
    expect(await succeed(store, scratch.env)).toBeUndefined();
    await using _old = await sidecar(CONTROL - 1, { status: 500 }, { goes: true });

    expect(await succeed(store, scratch.env)).toBeUndefined();
  });

  it.each([
    {
      name: "one that does not answer names it",
      answer: "none" as const,
      says: `has not handed over within 0.1 s: end process ${process.pid}, then try`,
    },
    { name: "one that refuses says what that one says", answer: { status: 409, body: { detail: "not to you" } }, says: /^not to you$/ },
    {
      name: "one that knows no handover says what to run",
      answer: { status: 404 },
      says: /process \d+, release 0\.0\.1.* knows no handover: run `signalbox stop`/,
    },
    { name: "one that breaks says what to run", answer: { status: 500 }, says: /answered 500 .*: run `signalbox stop`/ },
  ])("and finds $name", async ({ answer, says }) => {
    await using _old = await sidecar(CONTROL - 1, answer);

    const outcome = succeed(store, scratch.env, 100);

    await expect(outcome).rejects.toThrow(says);
    await expect(outcome).rejects.toMatchObject({ code: "sidecar/no-handover" });
  });

  it("and may not read the token says whose business it is", async () => {
    await using old = await sidecar(CONTROL - 1, HANDED_OVER, { leaves: false });
    const env = { ...scratch.env, MPAC_SIDECAR_PORT: String(old.port) };

    await expect(succeed(store, env)).rejects.toMatchObject({ code: "sidecar/no-token" });

    expect(old.asked).toEqual([]);
  });
});
