/**
 * Two releases in one repository, as real builds: the newer one takes over while everybody is at work, nothing that was
 * acknowledged is lost, and the older one says what to do instead of taking it back.
 */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decidedAgain } from "./support/decided-again.ts";
import { type McpHost, startHost } from "./support/mcp-host.ts";
import { credentialOf, ENVELOPE } from "./support/mcp-raw.ts";
import { connectMpac, type Members, type MpacClient, type MpacFrame } from "./support/mpac-client.ts";
import { buildNewer, NEWER_VERSION, type NewerBuild } from "./support/newer-build.ts";
import { isRunning, startNode } from "./support/processes.ts";
import { type Scratch, scratchFolder } from "./support/scratch.ts";
import { ask, askHealth, awaitSidecar, type Discovered, sidecarsUnder, startSidecarOf, storeFolder } from "./support/sidecar.ts";
import { eventually, within } from "./support/wait.ts";

let builds: string;
let newer: NewerBuild;
let scratch: Scratch;
let repository: string;
let opened: AsyncDisposable[] = [];

beforeAll(async () => {
  builds = await realpath(await mkdtemp(join(tmpdir(), "signalbox-build-")));
  newer = await buildNewer(join(builds, "newer"));
});
afterAll(() => rm(builds, { recursive: true, force: true }));

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

const olderHost = async (name: string): Promise<McpHost> => own(await startHost({ name, cwd: repository, env: scratch.env }));
const newerHost = async (name: string): Promise<McpHost> => {
  const command = { command: process.execPath, args: [newer.launcher("signalbox"), "mcp"] };
  return own(await startHost({ name, cwd: repository, env: scratch.env, command }));
};

const announcement = (principal: string, id: string): Members => ({
  intent_id: id,
  objective: "under way",
  scope: { kind: "file_set", resources: [`${principal}/${id}.ts`] },
  ttl_sec: 600,
});

const refusalsIn = (frames: readonly MpacFrame[]): MpacFrame[] => frames.filter(({ message_type }) => message_type === "PROTOCOL_ERROR");

/** How many announcements of one client are on their way at once. */
const WINDOW = 8;

/** Announces one task after the other until its connection ends. Gives the tasks that were acknowledged, and the others. */
async function keepAnnouncing(client: MpacClient): Promise<{ readonly acknowledged: string[]; readonly unanswered: string[] }> {
  const sent = new Map<string, string>();
  const announce = (): void => {
    const id = `${client.principal}-${sent.size + 1}`;
    sent.set(client.send("INTENT_ANNOUNCE", announcement(client.principal, id)), id);
  };
  const answered = (): Set<string> => new Set(client.frames.flatMap(({ message_id }) => message_id ?? []));
  const closed = client.closed.then(() => true as const);
  for (let isOver = false; !isOver;) {
    const waiting = [...sent.keys()].filter((id) => !answered().has(id)).length;
    for (let left = WINDOW - waiting; left > 0; left -= 1) announce();
    isOver = (await Promise.race([closed, new Promise((resolve) => client.socket.once("message", resolve))])) === true;
  }
  expect(refusalsIn(client.frames)).toEqual([]);
  const heard = answered();
  const part = (isHeard: boolean) => [...sent].flatMap(([messageId, id]) => (heard.has(messageId) === isHeard ? [id] : []));
  return { acknowledged: part(true), unanswered: part(false) };
}

/** Gives what the first call says that goes wrong. */
async function callUntilRefused(host: McpHost): Promise<string> {
  for (;;) {
    const { isError, text } = await host.call("who_is_working");
    if (isError) return text;
  }
}

const intentsIn = (answer: Members): string[] => ((answer["active_intents"] ?? []) as Members[]).map(({ intent_id }) => String(intent_id));

interface Posted {
  readonly done: readonly string[];
  /** Whose connection was cut, or could not be had. */
  readonly unclear: readonly string[];
}

/** Posts over HTTP, each until it is done and never with an id by which a repeat is known, until the successor does not know the token. */
async function keepPosting({ port, token }: Discovered, principal: string): Promise<Posted> {
  const headers = {
    ...credentialOf({ over: "http", url: "", token, principal }),
    "content-type": "application/json",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "post_message",
  };
  const [done, unclear]: [string[], string[]] = [[], []];
  for (let id = 1; ; id += 1) {
    const text = `${principal}-${id}`;
    const params = { name: "post_message", arguments: { topic: "t", body: text }, _meta: ENVELOPE };
    const body = JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
    let answer: Response | undefined;
    do answer = await fetch(`http://127.0.0.1:${port}/mcp`, { method: "POST", headers, body }).catch(() => undefined);
    while (answer?.status === 503 && answer.headers.get("retry-after") === "1");
    if (answer?.status === 401) return { done, unclear };
    const said = await answer?.text().catch(() => undefined);
    if (said !== undefined && !said.includes('"ok":true')) throw new Error(`${text}: ${answer?.status} ${said}`);
    (said === undefined ? unclear : done).push(text);
  }
}

async function posts({ port, token }: Discovered): Promise<string[]> {
  const texts: string[] = [];
  for (let before = ""; ;) {
    const page = await ask(port, `/api/bus/messages?topic=t&limit=200${before}`, { headers: { authorization: `Bearer ${token}` } });
    const read = JSON.parse(page?.text ?? "{}") as { readonly messages: readonly Members[]; readonly before?: string };
    texts.push(...read.messages.map(({ body }) => String(body)));
    if (read.before === undefined) return texts;
    before = `&before=${read.before}`;
  }
}

async function joined(uri: string, principal: string): Promise<MpacClient> {
  const client = own(await connectMpac(uri, principal, { instance: `${principal}:1` }));
  await client.join();
  return client;
}

describe("a newer release", () => {
  it("takes over from an older one at work, and nothing that was acknowledged is lost", async () => {
    const ana = await olderHost("ana");
    const task = await ana.call("begin_task", { objective: "begun under the older release", files: ["src/app.ts"] });
    const before = await awaitSidecar(scratch, repository);
    const [bo, cy] = await Promise.all([joined(before.uri, "bo"), joined(before.uri, "cy")]);
    const atWork = Promise.all([keepAnnouncing(bo), keepAnnouncing(cy)]);
    await bo.frame("its tenth task", ({ payload }) => payload?.["intent_id"] === "bo-10");

    const dee = await newerHost("dee");
    const seen = await dee.call("who_is_working");
    const told = await within("the end of the connections", atWork);
    const after = await awaitSidecar(scratch, repository);

    expect(seen.isError).toBe(false);
    expect((await askHealth(after.port))?.body).toMatchObject({ version: NEWER_VERSION, control: newer.control });
    expect([after.pid === before.pid, after.port, after["store_id"]]).toEqual([false, before.port, before["store_id"]]);
    expect(await eventually("the end of the older sidecar", async () => ((await isRunning(before.pid)) ? undefined : true))).toBe(true);
    expect(await Promise.all([bo.closed, cy.closed])).toMatchObject([{ code: 1012 }, { code: 1012 }]);
    expect(intentsIn((await dee.call("who_is_working")).structured)).toContain(task.structured["intent_id"]);

    // Clients that speak only the protocol go on where they were, at the address that they know.
    for (const [principal, { acknowledged, unanswered }] of [["bo", told[0]] as const, ["cy", told[1]] as const]) {
      const again = await joined(before.uri, principal);
      const withdrawn = acknowledged.map((id) => again.outcome(again.send("INTENT_WITHDRAW", { intent_id: id })));
      const announced = unanswered.map((id) => again.outcome(again.send("INTENT_ANNOUNCE", announcement(principal, id))));
      expect(acknowledged.length).toBeGreaterThan(10);
      expect(refusalsIn(await Promise.all(withdrawn))).toEqual([]);
      expect(refusalsIn(await Promise.all(announced))).toEqual([]);
    }
  });

  it("takes over while programs write over HTTP, and none of what they write is lost or done twice", async () => {
    const before = own(await startSidecarOf(scratch, repository));
    const posting = Promise.all(["ana", "bo", "cy"].map((name) => keepPosting(before, name)));
    await eventually("a hundred posts", async () => ((await posts(before)).length > 100 ? true : undefined));

    const dee = await newerHost("dee");
    await dee.call("who_is_working");
    const posted = await within("the end of the posting", posting);
    const stand = await posts(await awaitSidecar(scratch, repository));

    const unclear = new Set(posted.flatMap((one) => one.unclear));
    expect(new Set(stand).size).toBe(stand.length);
    expect(stand.filter((text) => !unclear.has(text)).toSorted()).toEqual(posted.flatMap(({ done }) => done).toSorted());
  });

  it("leaves older bridges, in the middle of their calls, with a sentence, and none of them takes the store back", async () => {
    const older = await Promise.all(["ana", "bo", "cy"].map(olderHost));
    await Promise.all(older.map((host, index) => host.call("begin_task", { objective: "older", files: [`src/${index}.ts`] })));
    const calling = Promise.all(older.map(callUntilRefused));

    const dee = await newerHost("dee");
    await dee.call("who_is_working");
    const after = await awaitSidecar(scratch, repository);
    const texts = await within("an end of the older bridges' calls", calling);
    const again = await Promise.all(older.map((host) => host.call("begin_task", { objective: "more", files: ["src/other.ts"] })));

    for (const text of [...texts, ...again.map(({ text }) => text)]) {
      expect(text).toMatch(new RegExp(`release ${NEWER_VERSION}.*restart your coding client`));
    }
    expect((await awaitSidecar(scratch, repository)).pid).toBe(after.pid);
    expect((await sidecarsUnder(scratch.folder)).map(({ pid }) => pid)).toEqual([after.pid]);
    expect((await askHealth(after.port))?.body["version"]).toBe(NEWER_VERSION);
  });

  it("takes over once when twenty of its bridges start at once", async () => {
    const before = own(await startSidecarOf(scratch, repository));
    const bo = await joined(before.uri, "bo");

    const hosts = await Promise.all(Array.from({ length: 20 }, (_, index) => newerHost(`dee-${index}`)));
    const answers = await Promise.all(hosts.map((host) => host.call("who_is_working")));

    expect(answers.map(({ isError }) => isError)).toEqual(Array(20).fill(false));
    expect(new Set(answers.map(({ structured }) => structured["sidecar_uri"])).size).toBe(1);
    expect((await bo.closed).code).toBe(1012);
    expect(await before.program.exited).toEqual({ code: 0, signal: null });
    const after = await awaitSidecar(scratch, repository);
    const left = await eventually("the end of the others", async () => {
      const running = (await sidecarsUnder(scratch.folder)).map(({ pid }) => pid);
      return running.length === 1 ? running : undefined;
    });
    expect(left).toEqual([after.pid]);
    expect(after.port).toBe(before.port);
  });

  it("leaves a log that an auditor decides once more the same, of two releases", async () => {
    const before = own(await startSidecarOf(scratch, repository));
    const bo = await joined(before.uri, "bo");
    await bo.outcome(bo.send("INTENT_ANNOUNCE", { intent_id: "bo-1", objective: "o", scope: { kind: "file_set", resources: ["a.ts"] } }));
    const dee = await newerHost("dee");
    const [seen] = [await dee.call("who_is_working"), await before.program.exited];
    const after = await awaitSidecar(scratch, repository);

    await ask(after.port, "/control/stop", { method: "POST", headers: { authorization: `Bearer ${after.token}` } });
    await eventually("its end", async () => ((await isRunning(after.pid)) ? undefined : true));

    const log = join(await storeFolder(scratch, repository), "log.db");
    expect(await decidedAgain(log, String(seen.structured["session_id"]))).toBeGreaterThan(4);
  });
});

describe("an older release", () => {
  it("does not get the store by asking for it", async () => {
    const args = [newer.launcher("signalbox"), "sidecar", "--workspace", repository];
    const program = own(startNode(args, { cwd: scratch.folder, env: scratch.env }));
    const standing = await awaitSidecar(scratch, repository);
    const body = JSON.stringify({ control: newer.control - 1, format: 1, version: "0.1.0" });

    const headers = { authorization: `Bearer ${standing.token}`, "content-type": "application/json" };
    const answer = await fetch(`http://127.0.0.1:${standing.port}/control/handover`, { method: "POST", headers, body });

    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({ detail: expect.stringMatching(/9\.9\.9.*restart the coding client/) as string });
    expect((await awaitSidecar(scratch, repository)).pid).toBe(program.pid);
  });
});
