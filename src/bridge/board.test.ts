import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { callTool } from "../tools/call-tool.ts";
import { REGISTRY } from "../tools/registry.ts";
import { busStatus, releaseLane } from "../wire/bus/requests.ts";
import { createBoard } from "./board.ts";
import { bridgeIn } from "./bridge.test.fixture.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

interface Seen {
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

/** @param wants - the header without which it says no */
async function otherBus(wants?: string) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      seen.push({ url: request.url, headers: request.headers, body: text === "" ? undefined : (JSON.parse(text) as unknown) });
      if (wants !== undefined && request.headers.authorization !== wants) response.statusCode = 401;
      response.end('{"theirs":true}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    base: `http://127.0.0.1:${port}/api/bus`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

describe("the board of a bridge's own sidecar", () => {
  it("knows its principal: a lane is the bridge's, refused to others, kept, and free when it is released", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });

    const claimed = await ana.call("claim_lane", { lane: "deploy" });
    const refused = await bo.call("claim_lane", { lane: "deploy" });
    const kept = await ana.call("heartbeat_lane", { lane: "deploy", lease_s: 600 });
    const status = await bo.call("get_bus_status");
    const released = await ana.call("release_lane", { lane: "deploy" });
    const late = await ana.call("heartbeat_lane", { lane: "deploy" });
    const taken = await bo.call("claim_lane", { lane: "deploy" });

    expect(claimed).toMatchObject({ ok: true, lane: "deploy", owner: "ana", state: "held", asserted: false, workspace_dir: repo });
    expect(refused).toMatchObject({
      ok: false,
      error: { type: "bus_api_error", tool: "claim_lane", status_code: 409, message: expect.stringMatching(/held by ana/) as string },
    });
    expect(kept).toMatchObject({ ok: true, lease_s: 600, fencing_token: claimed["fencing_token"] });
    expect(status).toMatchObject({ ok: true, active_lanes: [{ lane: "deploy", owner: "ana" }], orphaned_claims: [], writes: "open" });
    expect(released).toMatchObject({ ok: true, released: true });
    expect(late).toMatchObject({ ok: false, error: { status_code: 409 } });
    expect(taken).toMatchObject({ ok: true, owner: "bo" });
    expect(Number(taken["fencing_token"])).toBeGreaterThan(Number(claimed["fencing_token"]));
  });

  it("takes messages under the bridge's name, and once under one client_request_id", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo);

    const post = { topic: "build", body: "it is red", action_flag: true, client_request_id: "once" };
    const posted = await ana.call("post_message", post);
    const again = await ana.call("post_message", post);
    const read = await ana.call("read_messages", { topic: "build" });
    const status = await ana.call("get_bus_status");

    expect(posted).toMatchObject({ ok: true, topic: "build", sender: "ana", body: "it is red", asserted: false });
    expect(again["id"]).toBe(posted["id"]);
    expect(read).toMatchObject({ ok: true, messages: [{ id: posted["id"], sender: "ana", action_flag: true }] });
    expect(status["pending_action_flags"]).toMatchObject([{ id: posted["id"] }]);
  });

  it("takes another name than the bridge's own as one that nobody proves", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo);

    const stranger = await ana.call("claim_lane", { lane: "l", owner: "codex-1" });
    const agent = await ana.call("claim_lane", { lane: "m", owner: "ana/tests" });
    const kept = await ana.call("heartbeat_lane", { lane: "l", owner: "codex-1" });
    const message = await ana.call("post_message", { topic: "t", sender: "codex-1", body: "b" });

    expect([stranger, agent, kept, message]).toMatchObject([
      { ok: true, owner: "codex-1", asserted: true },
      { ok: true, owner: "ana/tests", asserted: false },
      { ok: true, owner: "codex-1" },
      { ok: true, sender: "codex-1", asserted: true },
    ]);
  });

  it("gives a place behind others, and the lane to whoever waits as soon as it is free", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });
    await ana.call("claim_lane", { lane: "deploy" });

    const waiting = bo.call("claim_lane", { lane: "deploy", wait_s: 40 });
    await ana.call("release_lane", { lane: "deploy" });

    expect(await waiting).toMatchObject({ ok: true, owner: "bo", state: "held" });
  });

  it("gives its place up when nobody waits for the answer any more", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });
    await using cy = bridgeIn(scratch, repo, { principal: "cy" });
    await ana.call("claim_lane", { lane: "deploy" });
    const revision = async () => (await ana.call("get_bus_status"))["revision"];
    const before = await revision();
    const cancelled = new AbortController();
    const { tools } = await bo.context();
    const waiting = callTool(REGISTRY, { ...tools, signal: cancelled.signal }, "claim_lane", { lane: "deploy", wait_s: 50 });
    await expect.poll(revision).not.toBe(before);

    cancelled.abort();
    await waiting;
    await ana.call("release_lane", { lane: "deploy" });

    expect(await cy.call("claim_lane", { lane: "deploy" })).toMatchObject({ ok: true, owner: "cy" });
  });

  it("is not held on by a claim that was cancelled or never told, and kept by one that only renewed it", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });
    const { tools } = await ana.context();
    const holders = async () => {
      const { active_lanes } = await bo.call("get_bus_status");
      return (active_lanes as { owner: string; lane: string }[]).map(({ owner, lane }) => `${owner} ${lane}`);
    };
    const cancelledWhile = async (args: object) => {
      const cancelled = new AbortController();
      const board = { ...tools.board, principal: () => (setImmediate(() => cancelled.abort()), tools.board.principal()) };
      await callTool(REGISTRY, { ...tools, board, signal: cancelled.signal }, "claim_lane", args);
    };

    await cancelledWhile({ lane: "one" });
    await cancelledWhile({ lane: "two", wait_s: 20 });
    await ana.call("claim_lane", { lane: "three" }, false);
    await expect.poll(holders).toEqual([]);
    await ana.call("claim_lane", { lane: "kept" });
    await cancelledWhile({ lane: "kept" });
    await ana.call("claim_lane", { lane: "kept" }, false);

    expect(await holders()).toEqual(["ana kept"]);
  });

  it("is found again after the sidecar was restarted at another address, and a write happens once", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const first = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo);
    const claimed = await ana.call("claim_lane", { lane: "deploy" });

    await first[Symbol.asyncDispose]();
    await using again = await sidecarFor(repo);
    const posted = await ana.call("post_message", { topic: "t", body: "back" });
    const kept = await ana.call("heartbeat_lane", { lane: "deploy" });

    expect(again.port).toBeGreaterThan(0);
    expect(posted).toMatchObject({ ok: true, sender: "ana" });
    expect(kept).toMatchObject({ ok: true, fencing_token: claimed["fencing_token"] });
    expect((await ana.call("read_messages"))["messages"]).toHaveLength(1);
  });

  it("says in bus-mcp's words that no sidecar can be reached, and why", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using ana = bridgeIn(scratch, repo);

    const status = await ana.call("get_bus_status");

    expect(status).toMatchObject({
      ok: false,
      error: {
        type: "bus_unreachable",
        tool: "get_bus_status",
        message: expect.stringMatching(
          /^\[get_bus_status\] the coordination bus isn't reachable at http:\/\/127\.0\.0\.1:\d+\/api\/bus -- is the Signalbox sidecar/,
        ) as string,
        reason: expect.any(String) as string,
      },
    });
    expect(status["error"]).not.toHaveProperty("status_code");
  });
});

describe("a bus whose writes want a secret", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("takes it as it is set at each call, and gives reads to everybody", async () => {
    vi.stubEnv("BUS_WRITE_SECRET", "hush"); // of the sidecar, which runs in this process
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using ana = bridgeIn(scratch, repo);
    const claim = () => ana.call("claim_lane", { lane: "deploy" });

    const without = await claim();
    ana.env["BUS_WRITE_SECRET"] = "wrong";
    const wrong = await claim();
    ana.env["BUS_WRITE_SECRET"] = "hush";
    const right = await claim();
    ana.env["BUS_WRITE_SECRET"] = "";
    const status = await ana.call("get_bus_status");

    expect([without, wrong, right].map(({ ok }) => ok)).toEqual([false, false, true]);
    expect(without).toMatchObject({ error: { status_code: 401, message: expect.stringContaining("BUS_WRITE_SECRET") as string } });
    expect(status).toMatchObject({ ok: true, writes: "armed", active_lanes: [{ lane: "deploy" }] });
    expect(JSON.stringify([without, wrong, right, status])).not.toContain("hush");
  });
});

describe("another bus", () => {
  it("gets bus-mcp's requests and the secret, and learns neither our token nor who we are beyond the name", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using bus = await otherBus();
    await using ana = bridgeIn(scratch, repo, { variables: { BUS_MCP_BASE_URL: `${bus.base}/`, BUS_WRITE_SECRET: "hush" } });

    const claimed = await ana.call("claim_lane", { lane: "deploy" });
    await ana.call("get_bus_status");

    expect(claimed).toMatchObject({ ok: true, theirs: true, workspace_dir: repo });
    expect(bus.seen.map(({ url, body }) => [url, body])).toEqual([
      ["/api/bus/lanes/deploy/claim", { owner: "ana", lease_s: 300 }],
      ["/api/bus/status", undefined],
    ]);
    expect(bus.seen.map(({ headers }) => headers["x-bus-secret"])).toEqual(["hush", undefined]);
    for (const { headers } of bus.seen) {
      expect(headers).not.toHaveProperty("authorization");
      expect(headers).not.toHaveProperty("x-signalbox-principal");
    }
  });

  it("is talked to under the bridge's own name also when no sidecar can be reached", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using bus = await otherBus();
    await using ana = bridgeIn(scratch, repo, { variables: { BUS_MCP_BASE_URL: bus.base } });

    const released = await ana.call("release_lane", { lane: "deploy" });

    expect(released).toMatchObject({ ok: true, theirs: true, workspace_dir: repo });
    expect(bus.seen).toMatchObject([{ url: "/api/bus/lanes/deploy/release", body: { owner: "ana" } }]);
  });
});

describe("a sidecar that was restarted in between", () => {
  /** The board of ana, at a sidecar that is where `uri` says and has left what `token` says. */
  function boardAt(uri: () => string, token: () => string) {
    const summaries: unknown[] = [];
    const membership = async () => ({ workspaceDir: "/w", sessionId: "s", sidecarUri: uri(), principalId: "ana", takeNotices: () => [] });
    const summary = async (ask: object) => void summaries.push(ask) as never;
    const bus = { kind: "own", tokenAt: async () => token(), derivedPort: 1 } as const;
    return { summaries, board: createBoard({ coordination: { membership, summary }, bus, name: "ana", env: {}, newId: () => "once" }) };
  }

  it("is asked once more where it is now, with the same request", async () => {
    await using bus = await otherBus();
    const places = ["ws://127.0.0.1:1/session/s", bus.base.replace(/^http/, "ws")];
    const { board, summaries } = boardAt(
      () => places.shift() ?? "",
      () => "t",
    );

    const answer = await board.ask(releaseLane("deploy", { owner: "ana" }));

    expect(answer).toEqual({ ok: true, body: { theirs: true } });
    expect(summaries).toEqual([{ limit: 1 }]); // answered over a connection that stands
    expect(bus.seen).toMatchObject([{ body: { owner: "ana", client_request_id: "once" } }]);
  });

  it("is asked once more with the token that it has left since, and no more when there is no other", async () => {
    await using bus = await otherBus("Bearer new");
    const uri = () => bus.base.replace(/^http/, "ws");
    const tokens = ["old", "new"];
    const { board } = boardAt(uri, () => tokens.shift() ?? "new");
    const { board: stranger } = boardAt(uri, () => "other");

    expect((await board.ask(busStatus())).ok).toBe(true);
    expect(await stranger.ask(busStatus())).toMatchObject({ ok: false, fault: { statusCode: 401 } });
    expect(bus.seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer old", "Bearer new", "Bearer other"]);
  });
});

it("the board of a session elsewhere is that session's own", async () => {
  await using scratch = await scratchFolder();
  const [hub, clone] = [await scratch.repository("hub"), await scratch.repository("clone")];
  await using sidecar = await sidecarFor(hub);
  await using bo = bridgeIn(scratch, hub, { principal: "bo" });
  const remote = { uri: sidecar.uri, sessionId: sidecar.uri.split("/").at(-1) ?? "", inTheClear: false };
  await using ana = bridgeIn(scratch, clone, { remote });

  await ana.call("post_message", { topic: "t", body: "from afar" });
  const read = await bo.call("read_messages");

  expect(read).toMatchObject({ ok: true, messages: [{ sender: "ana", body: "from afar" }] });
});

it.runIf(process.env["BUS_MCP_LIVE"] === "1")("get_bus_status is answered by the bus that BUS_MCP_BASE_URL names", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  const { BUS_MCP_BASE_URL, BUS_MCP_TIMEOUT_S } = process.env;
  await using _sidecar = await sidecarFor(repo);
  await using ana = bridgeIn(scratch, repo, { variables: { BUS_MCP_BASE_URL, BUS_MCP_TIMEOUT_S } });

  expect(await ana.call("get_bus_status")).toMatchObject({ ok: true });
});
