/** The bus of a repository's sidecar, as programs of its user meet it. */
import { copyFile } from "node:fs/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Body, type BusSidecar, busSidecar, inRepository, shared } from "./board.test.fixture.ts";
import type { Scratch } from "../git/scratch.test.fixture.ts";

let scratch: Scratch;
let served: BusSidecar;

beforeAll(
  shared(inRepository, (opened, folder) => {
    served = opened;
    scratch = folder;
  }),
);

afterEach(() => {
  delete process.env["BUS_WRITE_SECRET"];
});

let names = 0;
/** A lane that no other test has. */
const lane = (): string => `/lanes/lane-${(names += 1)}`;
const MESSAGE = { topic: "news", sender: "ana", body: "hello", action_flag: false };

describe("a message", () => {
  it("is answered as it is stored, and read back, the newest first", async () => {
    const topic = "read-back";
    const posted = await served.bus.post("/message", { ...MESSAGE, topic, body: "first" });
    await served.bus.post("/message", { topic, sender: "bo", body: "second" });

    const read = await served.bus.get(`/messages?topic=${topic}`);

    expect(posted.status).toBe(200);
    expect(posted.body).toEqual({
      id: expect.stringMatching(/^msg-\d+-/) as string,
      topic,
      sender: "ana",
      body: "first",
      action_flag: false,
      posted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      asserted: true,
    });
    expect((read.body["messages"] as Body[]).map(({ body }) => body)).toEqual(["second", "first"]);
    expect((read.body["messages"] as Body[])[1]).toEqual(posted.body);
  });

  it("takes a text of 64 KiB in UTF-8, however it is escaped", async () => {
    const body = `${"é".repeat(32 * 1024)}`;
    const escaped = JSON.stringify({ ...MESSAGE, body }).replaceAll("é", String.raw`\u00e9`);

    const posted = await served.bus.post("/message", escaped);

    expect([posted.status, posted.body["body"] === body]).toEqual([200, true]);
  });

  it("is stored once for one request id", async () => {
    const request = { ...MESSAGE, topic: "once", client_request_id: "r1" };
    const first = await served.bus.post("/message", request);
    const again = await served.bus.post("/message", request);
    const other = await served.bus.post("/message", { ...request, body: "other" });

    expect(again.body).toEqual(first.body);
    expect([other.status, other.body["detail"]]).toEqual([409, expect.stringMatching(/other content; use a new one/)]);
    expect((await served.bus.get("/messages?topic=once")).body["messages"]).toHaveLength(1);
  });

  it("is found by what it says, a page at a time, by the cursor or an id", async () => {
    const posted: Body[] = [];
    for (const body of ["Red apple", "green pear", "red plum"])
      posted.push((await served.bus.post("/message", { ...MESSAGE, topic: "fruit", body })).body);
    const bodies = async (query: string) => {
      const { body } = await served.bus.get(`/messages?topic=fruit&${query}`);
      return { texts: (body["messages"] as Body[]).map(({ body: text }) => text), before: String(body["before"]) };
    };

    const first = await bodies("limit=1&q=RED");
    const second = await bodies(`limit=1&q=RED&before=${first.before}`);
    const byId = await bodies(`before=${String(posted[1]?.["id"])}`);

    expect([first.texts, second.texts, byId.texts]).toEqual([["red plum"], ["Red apple"], ["Red apple"]]);
  });

  it("is found behind those at hand, in the log", async () => {
    await using own = await busSidecar(await scratch.repository("long"));
    const flag = (await own.bus.post("/message", { ...MESSAGE, topic: "old", action_flag: true })).body;
    const person = { authorization: `Bearer ${own.token}` };
    await own.bus.post(`/messages/${String(flag["id"])}/ack`, { by: "cy" }, person);
    for (let sent = 0; sent < 1_010; sent += 101)
      await Promise.all(Array.from({ length: 101 }, (_, index) => own.bus.post("/message", { ...MESSAGE, body: `${sent + index}` })));

    const old = await own.bus.get("/messages?topic=old");
    let [count, before] = [0, ""];
    do {
      const { body } = await own.bus.get(`/messages?limit=500${before === "" ? "" : `&before=${before}`}`);
      count += (body["messages"] as Body[]).length;
      before = (body["before"] as string | undefined) ?? "";
    } while (before !== "");

    expect(old.body["messages"]).toMatchObject([{ id: flag["id"], acknowledged: { by: "cy" } }]);
    expect(count).toBe(1_011);
  });
});

describe("a lane", () => {
  it("goes from claim to conflict, heartbeat, release and the next holder", async () => {
    const path = lane();
    const claimed = await served.bus.post(`${path}/claim`, { owner: "ana", lease_s: 60 });
    const conflict = await served.bus.post(`${path}/claim`, { owner: "bo", lease_s: 60 });
    const beaten = await served.bus.post(`${path}/heartbeat`, { owner: "ana", lease_s: 120 });
    const foreign = await served.bus.post(`${path}/heartbeat`, { owner: "bo" });
    const held = await served.bus.post(`${path}/release`, { owner: "bo" });
    const released = await served.bus.post(`${path}/release`, { owner: "ana" });
    const again = await served.bus.post(`${path}/release`, { owner: "ana" });
    const next = await served.bus.post(`${path}/claim`, { owner: "bo" });

    expect(claimed.body).toEqual({
      lane: path.slice("/lanes/".length),
      owner: "ana",
      state: "held",
      expires_at: expect.any(String) as string,
      expires_in_s: expect.any(Number) as number,
      lease_s: 60,
      fencing_token: expect.any(Number) as number,
      asserted: true,
      claimed_now: true,
    });
    expect([conflict.status, conflict.body["detail"]]).toEqual([409, expect.stringMatching(/is held by ana for another (60|59) s/)]);
    expect([beaten.status, beaten.body["lease_s"], beaten.body["fencing_token"]]).toEqual([200, 120, claimed.body["fencing_token"]]);
    expect([foreign.status, foreign.body["detail"]]).toEqual([409, expect.stringMatching(/bo does not hold lane/)]);
    expect(held.status).toBe(409);
    expect([released.body, again.body]).toEqual(Array.from({ length: 2 }, () => ({ lane: path.slice("/lanes/".length), released: true })));
    expect([next.body["lease_s"], Number(next.body["fencing_token"]) > Number(claimed.body["fencing_token"])]).toEqual([300, true]);
  });

  it.each([
    { name: "with a space", path: "/lanes/a%20b", is: "a b" },
    { name: "in another alphabet", path: `/lanes/${encodeURIComponent("дорога 路")}`, is: "дорога 路" },
    { name: "with a percent sign", path: "/lanes/50%25", is: "50%" },
    { name: "with a question mark", path: "/lanes/a%3Fb", is: "a?b" },
    { name: "of 256 characters", path: `/lanes/${"x".repeat(256)}`, is: "x".repeat(256) },
    { name: "of an emoji with its joiner", path: `/lanes/${encodeURIComponent("👩\u200d🚀")}`, is: "👩\u200d🚀" },
    { name: "composed otherwise", path: `/lanes/${encodeURIComponent("cafe\u0301")}`, is: "caf\u00e9" },
  ])("may have a name $name", async ({ path, is }) => {
    const claimed = await served.bus.post(`${path}/claim`, { owner: "ana" });

    expect([claimed.status, claimed.body["lane"]]).toEqual([200, is]);
  });

  it.each([
    { name: "a slash", path: "/lanes/a%2Fb", status: 422, says: /holds no slash/ },
    { name: "a slash as it is", path: "/lanes/a/b", status: 404, says: /the name of a lane holds no slash/ },
    { name: "dots that an address loses", path: "/lanes/..", status: 404, says: /nor is it \. or \.\./ },
    { name: "nothing but space", path: "/lanes/%20", status: 422, says: /it is empty/ },
    { name: "no character", path: "/lanes/", status: 422, says: /it is empty/ },
    { name: "a line break", path: "/lanes/a%0Ab", status: 422, says: /control character/ },
    { name: "a space without width", path: "/lanes/deploy%E2%80%8B", status: 422, says: /cannot be seen/ },
    { name: "a turn of direction", path: "/lanes/%E2%80%AEabc", status: 422, says: /cannot be seen/ },
    { name: "a line separator", path: "/lanes/a%E2%80%A8b", status: 422, says: /cannot be seen/ },
    { name: "257 characters", path: `/lanes/${"x".repeat(257)}`, status: 422, says: /at most 256 characters/ },
    { name: "half a character", path: "/lanes/%E9", status: 422, says: /not percent-encoded UTF-8/ },
  ])("may not have a name of $name", async ({ path, status, says }) => {
    const { status: seen, body } = await served.bus.post(`${path}/claim`, { owner: "ana" });

    expect([seen, JSON.stringify(body["detail"])]).toEqual([status, expect.stringMatching(says)]);
  });

  it("is had by one of many who ask at once", async () => {
    const path = lane();

    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => served.bus.post(`${path}/claim`, { owner: `ana${index}` })));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  });

  it("is checked by its token, without the secret", async () => {
    process.env["BUS_WRITE_SECRET"] = "s";
    const path = lane();
    const { fencing_token } = (await served.bus.post(`${path}/claim`, { owner: "ana" }, { "x-bus-secret": "s" })).body;
    const check = async (token: unknown) => (await served.bus.post(`${path}/check`, { fencing_token: token })).body;

    expect(await check(fencing_token)).toEqual({ lane: path.slice(7), valid: true, owner: "ana", fencing_token });
    expect(await check(Number(fencing_token) - 1)).toEqual({ lane: path.slice(7), valid: false });
    await served.bus.post(`${path}/release`, { owner: "ana" }, { "x-bus-secret": "s" });
    expect(await check(fencing_token)).toEqual({ lane: path.slice(7), valid: false });
  });
});

describe("a claim that waits", () => {
  it("is answered in the moment of its turn", async () => {
    const path = lane();
    await served.bus.post(`${path}/claim`, { owner: "ana" });
    const asked = served.bus.post(`${path}/claim`, { owner: "bo", lease_s: 600, wait_s: 50 });
    await expect.poll(async () => (await served.bus.post(`${path}/claim`, { owner: "cy", wait_s: 0.01 })).body["ahead"]).toBe(1);

    await served.bus.post(`${path}/release`, { owner: "ana" });

    expect(await asked).toMatchObject({ status: 200, body: { owner: "bo", state: "held", lease_s: 600 } });
  });

  it("is told its place when its time is over, and keeps that by its ticket", async () => {
    const path = lane();
    await served.bus.post(`${path}/claim`, { owner: "ana", lease_s: 60 });

    const waiting = await served.bus.post(`${path}/claim`, { owner: "bo", wait_s: 0.05 });
    const { ticket } = waiting.body;
    const again = await served.bus.post(`${path}/claim`, { owner: "bo", ticket });
    await served.bus.post(`${path}/release`, { owner: "ana" });
    const come = await served.bus.post(`${path}/claim`, { owner: "bo", ticket });
    const stray = await served.bus.post(`${path}/claim`, { owner: "cy", ticket: "ticket-x" });

    expect(waiting).toMatchObject({ status: 202, body: { lane: path.slice(7), status: "waiting", ahead: 0, holder: "ana" } });
    expect(again).toMatchObject({ status: 202, body: { ticket } });
    expect(come).toMatchObject({ status: 200, body: { owner: "bo", state: "held" } });
    expect([stray.status, stray.body["detail"]]).toEqual([404, expect.stringMatching(/claim without a ticket/)]);
  });
});

describe("a request", () => {
  it.each([
    { name: "without a sender", path: "/message", body: { topic: "t", body: "b" }, at: "sender", says: "Field required" },
    { name: "with a body that is a number", path: "/message", body: { ...MESSAGE, body: 3 }, at: "body", says: /expected string/ },
    {
      name: "with a flag that is a text",
      path: "/message",
      body: { ...MESSAGE, action_flag: "yes" },
      at: "action_flag",
      says: /expected boolean/,
    },
    { name: "with an empty topic", path: "/message", body: { ...MESSAGE, topic: " " }, at: "topic", says: /empty/ },
    {
      name: "with a text that is too long",
      path: "/message",
      body: { ...MESSAGE, body: "é".repeat(32 * 1024 + 1) },
      at: "body",
      says: /64 KiB/,
    },
    { name: "with half a character", path: "/message", body: '{"topic":"t","sender":"s","body":"\\ud800"}', at: "body", says: /Unicode/ },
    { name: "without an owner", path: "/lanes/x/claim", body: {}, at: "owner", says: "Field required" },
    { name: "with a lease of 0", path: "/lanes/x/claim", body: { owner: "ana", lease_s: 0 }, at: "lease_s", says: /longer than 0/ },
    { name: "with a lease below 0", path: "/lanes/x/heartbeat", body: { owner: "ana", lease_s: -1 }, at: "lease_s", says: /longer than 0/ },
    {
      name: "with a lease that is a text",
      path: "/lanes/x/claim",
      body: { owner: "ana", lease_s: "300" },
      at: "lease_s",
      says: /expected number/,
    },
    { name: "with a lease of years", path: "/lanes/x/claim", body: { owner: "ana", lease_s: 1e9 }, at: "lease_s", says: /at most 604800/ },
    { name: "that waits too long", path: "/lanes/x/claim", body: { owner: "ana", wait_s: 51 }, at: "wait_s", says: /at most 50 seconds/ },
    { name: "of a priority that is none", path: "/lanes/x/claim", body: { owner: "ana", priority: "urgent" }, at: "priority", says: /low/ },
    { name: "with a token that is a text", path: "/lanes/x/check", body: { fencing_token: "7" }, at: "fencing_token", says: /expected/ },
  ])("$name is told what is wrong", async ({ path, body, at, says }) => {
    const { status, body: answer } = await served.bus.post(path, body);

    expect(status).toBe(422);
    expect(answer["detail"]).toMatchObject([
      { loc: ["body", at], msg: expect.stringMatching(says) as string, type: expect.any(String) as string },
    ]);
  });

  it.each([
    { name: "no JSON", body: "{" },
    { name: "a list", body: "[]" },
    { name: "nothing", body: "" },
  ])("whose body is $name is told so", async ({ body }) => {
    const { status, body: answer } = await served.bus.post("/message", body);

    expect([status, answer["detail"]]).toEqual([
      422,
      [{ loc: ["body"], msg: "the body is a JSON object, in UTF-8", type: "json_invalid" }],
    ]);
  });

  it.each(["limit=0", "limit=501", "limit=x", "limit=1.5", "before=yesterday"])("with ?%s is told what is wrong", async (query) => {
    const { status, body } = await served.bus.get(`/messages?${query}`);

    expect([status, body["detail"]]).toMatchObject([422, [{ loc: ["query", query.split("=")[0]] }]]);
  });

  it("with a limit that is no number is told that it wants a whole one", async () => {
    const { body } = await served.bus.get("/messages?limit=x");

    expect(body["detail"]).toEqual([{ loc: ["query", "limit"], msg: "a whole number", type: "invalid_type" }]);
  });

  it("that is longer than any message is not read", async () => {
    const { status, body } = await served.bus.post("/message", { ...MESSAGE, body: "x".repeat(600 * 1024) });

    expect([status, body["detail"]]).toEqual([413, "the request is longer than 512 KiB"]);
  });

  it.each([
    { method: "GET", path: "/message", allow: "POST" },
    { method: "POST", path: "/messages", allow: "GET" },
    { method: "DELETE", path: "/status", allow: "GET" },
    { method: "GET", path: "/lanes/x/claim", allow: "POST" },
    { method: "PUT", path: "/lanes/x/release", allow: "POST" },
    { method: "OPTIONS", path: "/message", allow: "POST" },
  ])("by $method to $path is told which method is for it", async ({ method, path, allow }) => {
    const { status, body, headers } = await served.bus.ask(method, path);

    expect([status, headers.get("allow"), body["detail"]]).toEqual([405, allow, `${method} is not for this path; use ${allow}`]);
  });

  it.each(["", "/", "/nothing", "/lanes/x", "/lanes/x/steal", "/messages/x"])("for %s finds nothing", async (path) => {
    const { status, body } = await served.bus.get(path);

    expect([status, body["detail"]]).toEqual([404, expect.stringMatching(/^there is nothing at \/api\/bus\//)]);
  });

  it("may end its path with a slash", async () => {
    expect((await served.bus.post("/message/", MESSAGE)).status).toBe(200);
    expect((await served.bus.get("/status/")).status).toBe(200);
    expect((await served.bus.post(`${lane()}/claim/`, { owner: "ana" })).status).toBe(200);
  });

  it("is answered by an object that has no member ok", async () => {
    const path = lane();
    const answers = [
      await served.bus.post("/message", MESSAGE),
      await served.bus.get("/messages"),
      await served.bus.get("/status"),
      await served.bus.post(`${path}/claim`, { owner: "ana" }),
      await served.bus.post(`${path}/heartbeat`, { owner: "ana" }),
      await served.bus.post(`${path}/release`, { owner: "ana" }),
    ];

    expect(answers.map(({ status, body }) => [status, Array.isArray(body), "ok" in body])).toEqual(answers.map(() => [200, false, false]));
  });

  it("of a page from elsewhere is refused", async () => {
    const { status } = await served.bus.get("/status", { origin: "https://evil.example" });

    expect(status).toBe(403);
  });
});

describe("the secret of the bus", () => {
  const WRITES = ["/message", "/lanes/x/claim", "/lanes/x/release", "/lanes/x/heartbeat", "/lanes/a%2Fb/claim"];

  it.each(WRITES.flatMap((path) => [undefined, "", "wrong", "secretx"].map((given) => ({ path, given }))))(
    "is wanted by $path, which brings $given, before anything else is looked at",
    async ({ path, given }) => {
      process.env["BUS_WRITE_SECRET"] = "secret";

      const { status, body } = await served.bus.post(path, "{", given === undefined ? {} : { "x-bus-secret": given });

      expect([status, body["detail"]]).toEqual([401, expect.stringMatching(/X-Bus-Secret .* BUS_WRITE_SECRET/)]);
    },
  );

  it("is looked at for each request, gates no reading, and proves nobody's name", async () => {
    const before = await served.bus.post("/message", MESSAGE, { "x-bus-secret": "whatever" });
    process.env["BUS_WRITE_SECRET"] = "secret";
    const armed = [
      await served.bus.get("/status"),
      await served.bus.get("/messages"),
      await served.bus.post("/message", MESSAGE, { "x-bus-secret": "secret" }),
    ];
    process.env["BUS_WRITE_SECRET"] = "";
    const after = await served.bus.post("/message", MESSAGE);

    expect([before, ...armed, after].map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect([armed[0]?.body["writes"], (await served.bus.get("/status")).body["writes"]]).toEqual(["armed", "open"]);
    expect(armed[2]?.body["asserted"]).toBe(true);
  });

  it("may be in another alphabet", async () => {
    process.env["BUS_WRITE_SECRET"] = "пароль";

    const { status } = await served.bus.post("/message", MESSAGE, { "x-bus-secret": Buffer.from("пароль").toString("latin1") });

    expect(status).toBe(200);
  });
});

describe("a flag", () => {
  const flag = async () => String((await served.bus.post("/message", { ...MESSAGE, action_flag: true })).body["id"]);
  const pending = async () => ((await served.bus.get("/status")).body["pending_action_flags"] as Body[]).map(({ id }) => id);

  it("is pending until a person has acknowledged it", async () => {
    const id = await flag();
    const person = { authorization: `Bearer ${served.token}` };
    const before = await pending();

    const acknowledged = await served.bus.post(`/messages/${id}/ack`, { by: "cy" }, person);
    const again = await served.bus.post(`/messages/${id}/ack`, { by: "dan" }, person);

    expect(before).toContain(id);
    expect(acknowledged).toMatchObject({ status: 200, body: { id, acknowledged: { by: "cy", at: expect.any(String) as string } } });
    expect(again.body).toEqual(acknowledged.body);
    expect(await pending()).not.toContain(id);
    expect((await served.bus.get("/messages?limit=1")).body["messages"]).toMatchObject([{ id, acknowledged: { by: "cy" } }]);
    expect((await served.bus.post("/messages/msg-1-x/ack", { by: "cy" }, person)).status).toBe(404);
  });

  it("is acknowledged by nobody who speaks for an agent or shows no token", async () => {
    const id = await flag();
    const by = (headers: Record<string, string>) => served.bus.post(`/messages/${id}/ack`, { by: "cy" }, headers);

    expect([(await by({})).status, (await by(served.bridge("ana"))).status]).toEqual([403, 403]);
    expect((await by({})).body["detail"]).toMatch(/a person: with «signalbox board ack», or in the panel/);
  });
});

it("gives no token again when its log is put back from a backup", async () => {
  const workspace = await scratch.repository("restored");
  const [log, backup] = [`${workspace}/.git/signalbox/log.db`, `${workspace}/backup.db`];
  const claim = async (owner: string) => {
    await using own = await busSidecar(workspace);
    const { fencing_token } = (await own.bus.post("/lanes/a/claim", { owner })).body;
    await own.bus.post("/lanes/a/release", { owner });
    return Number(fencing_token);
  };
  await claim("ana");
  await copyFile(log, backup);
  const lost = [await claim("bo"), await claim("cy")];

  await copyFile(backup, log);

  expect(await claim("dan")).toBeGreaterThan(Math.max(...lost));
});

it("keeps leases, places and flags over a restart, and gives higher tokens after it", async () => {
  const workspace = await scratch.repository("again");
  const first = await busSidecar(workspace);
  const claimed = await first.bus.post("/lanes/a/claim", { owner: "ana", lease_s: 300 });
  const { ticket } = (await first.bus.post("/lanes/a/claim", { owner: "bo", wait_s: 0.01 })).body;
  const request = { ...MESSAGE, action_flag: true, client_request_id: "r1" };
  const flag = await first.bus.post("/message", request);
  await first[Symbol.asyncDispose]();
  await using second = await busSidecar(workspace);

  const again = await second.bus.post("/message", request);
  const status = await second.bus.get("/status");
  await second.bus.post("/lanes/a/release", { owner: "ana" });
  const come = await second.bus.post("/lanes/a/claim", { owner: "bo", ticket });

  expect(status.body).toMatchObject({
    active_lanes: [{ lane: "a", owner: "ana", fencing_token: claimed.body["fencing_token"], expires_at: claimed.body["expires_at"] }],
    pending_action_flags: [{ id: flag.body["id"] }],
  });
  expect(again.body).toEqual(flag.body);
  expect([come.status, Number(come.body["fencing_token"]) > Number(claimed.body["fencing_token"])]).toEqual([200, true]);
});
