/** Who may look at a session, what a page is given, and what is kept from it. */
import { describe, expect, it } from "vitest";
import type { Actor } from "../../wire/record.ts";
import { createDoor } from "../http/door.ts";
import type { Assets } from "./assets.ts";
import { dashboardRoutes, type Panel } from "./dashboard-routes.ts";
import { createLinks } from "./links.ts";

const assets: Assets = { html: "<!doctype html>", css: "body{}", script: "start()", icon: "<svg/>" };
const table = { "bo-token": { allowed_sessions: ["red"], holder: "bo" }, "cy-token": { allowed_sessions: ["red"] } } as never;

/** One session, `red`, and what was asked of it. */
function world({ isBuilt = true, hosted = false } = {}) {
  const acknowledged: [string, Actor][] = [];
  const hearing = new Set<(record: never) => void>();
  const part = {
    revision: 3,
    subscribe(hear: (record: never) => void) {
      hearing.add(hear);
      return { [Symbol.dispose]: () => void hearing.delete(hear) };
    },
  };
  const panel: Panel = {
    parts: { session: part, board: part },
    read: () => Promise.resolve({ session: { revision: 3, writable: true }, board: { revision: 3, writable: true } } as never),
    acknowledge(id, actor) {
      acknowledged.push([id, actor]);
      return Promise.resolve(id === "m1" ? { status: 200, body: { id } } : { status: 404, body: { detail: `no message ${id}` } });
    },
  };
  const counts = { visits: 0, left: 0, activity: 0 };
  const links = createLinks(() => 0);
  const door = createDoor({ table, own: "own-token" });
  const { routes, dismiss } = dashboardRoutes({
    assets: isBuilt ? assets : undefined,
    door,
    ...(hosted ? {} : { links }),
    sessionAt: (named) => named ?? (hosted ? undefined : "red") ?? { notFound: "name a session" },
    visit(id) {
      if (id !== "red") return Promise.resolve(undefined);
      counts.visits += 1;
      return Promise.resolve({ panel, [Symbol.dispose]: () => void (counts.left += 1) });
    },
    person: () => Promise.resolve("person:ana"),
    nowMs: () => 0,
    onActivity: () => void (counts.activity += 1),
  });
  const ask = (path: string, { token, ...init }: RequestInit & { token?: string } = {}) =>
    routes.request(path, { ...init, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  const commit = (): void => {
    part.revision += 1;
    for (const hear of hearing) hear({} as never);
  };
  return { ask, acknowledged, counts, hearing, links, commit, door, dismiss };
}

const acknowledge = (id: unknown) => ({ method: "POST", body: JSON.stringify(id === undefined ? {} : { id }) });

describe("the page", () => {
  it.each([
    ["/", "text/html; charset=utf-8", assets.html],
    ["/dashboard/app.js", "text/javascript; charset=utf-8", assets.script],
    ["/dashboard/app.css", "text/css; charset=utf-8", assets.css],
    ["/dashboard/icon.svg", "image/svg+xml", assets.icon],
    ["/session/red/", "text/html; charset=utf-8", assets.html],
    ["/session/red/dashboard/app.js", "text/javascript; charset=utf-8", assets.script],
  ])("is there for anybody: %s", async (path, type, text) => {
    const answer = await world().ask(path);

    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([200, type, text]);
  });

  it.each(["/", "/dashboard/app.js", "/dashboard/state"])("lets nothing foreign in, and is in no frame: %s", async (path) => {
    const { headers } = await world().ask(path);

    expect(headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'.*trusted-types 'none'$/,
    );
    expect([headers.get("x-content-type-options"), headers.get("cross-origin-resource-policy"), headers.get("cache-control")]).toEqual([
      "nosniff",
      "same-origin",
      "no-store",
    ]);
  });

  it("finds its files beside the session also without the last slash", async () => {
    const answer = await world().ask("/session/red");

    expect([answer.status, answer.headers.get("location")]).toEqual([308, "/session/red/"]);
  });

  it("says where it is not made, and where no session is named", async () => {
    const unbuilt = await world({ isBuilt: false }).ask("/");
    const nameless = await world({ hosted: true }).ask("/");

    expect([unbuilt.status, nameless.status]).toEqual([503, 404]);
    expect(await nameless.json()).toEqual({ detail: "name a session" });
  });
});

describe("what a session holds", () => {
  it.each([
    { name: "nobody", token: undefined, status: 401 },
    { name: "whoever guesses", token: "x", status: 401 },
    { name: "this machine's own user", token: "own-token", status: 200 },
    { name: "the holder of a token for it", token: "bo-token", status: 200 },
  ])("is told to $name: $status", async ({ token, status }) => {
    const { ask, counts } = world();
    const state = await ask("/dashboard/state", { token: token as never });
    const events = await ask("/dashboard/events", { token: token as never });
    await events.body?.cancel();
    const ack = await ask("/dashboard/ack", { ...acknowledge("m1"), token: token as never });

    expect([state.status, events.status, ack.status]).toEqual([status, status, status]);
    expect(counts.visits).toBe(status === 200 ? 3 : 0);
    expect(state.headers.get("www-authenticate")).toBe(status === 401 ? "Bearer" : null);
  });

  it.each(["/session/blue/dashboard/state", "/session/blue/dashboard/events"])(
    "is not made by looking at it, nor open to a token for another: %s",
    async (path) => {
      const { ask } = world();

      expect([(await ask(path, { token: "own-token" })).status, (await ask(path, { token: "bo-token" })).status]).toEqual([404, 401]);
    },
  );

  it("comes with the time of the sidecar, and the session is let go afterwards", async () => {
    const { ask, counts } = world();
    const answer = await ask("/dashboard/state", { token: "own-token" });

    expect(await answer.json()).toEqual({
      at: "1970-01-01T00:00:00.000Z",
      session: { revision: 3, writable: true },
      board: { revision: 3, writable: true },
    });
    expect(counts).toEqual({ visits: 1, left: 1, activity: 0 });
  });
});

describe("the events", () => {
  it("say where the parts stand, unbuffered, and let the session go when the page has gone", async () => {
    const { ask, counts, hearing } = world();
    const { headers, body } = await ask("/dashboard/events", { token: "own-token" });
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    const read = async () => Buffer.from((await reader.read()).value ?? []).toString();
    const said = [await read(), await read(), await read()].join("");
    expect([counts.left, hearing.size]).toEqual([0, 1]);
    const last = reader.read();
    await reader.cancel();
    await last;
    await new Promise(setImmediate);

    expect(said).toContain(
      'event: changed\ndata: {"part":"session","revision":3}\n\nevent: changed\ndata: {"part":"board","revision":3}\n\n',
    );
    expect([headers.get("cache-control"), headers.get("content-type")]).toEqual(["no-cache", "text/event-stream"]);
    expect([counts.left, hearing.size]).toEqual([1, 0]);
  });

  it("end at once, with the reason, when their token is given out no more, and nobody else's do", async () => {
    const { ask, counts, hearing, door, dismiss } = world({ hosted: true });
    const follow = async (token: string) => (await ask("/session/red/dashboard/events", { token })).body as ReadableStream<Uint8Array>;
    const bo = (await follow("bo-token")).getReader();
    const cy = await follow("cy-token");
    for (let read = 0; read < 3; read += 1) await bo.read();
    const next = bo.read();
    door.renew({ "cy-token": { allowed_sessions: ["red"] } } as never);

    expect([dismiss(), dismiss()]).toEqual([1, 0]);

    expect(Buffer.from((await next).value ?? []).toString()).toBe(
      'event: fault\ndata: {"detail":"this token is not known here; ask whoever runs the coordinator for one"}\n\n',
    );
    expect((await bo.read()).done).toBe(true);
    expect([counts.left, hearing.size]).toEqual([1, 0]);
    await cy.cancel();
    expect(counts.left).toBe(2);
  });

  it("end when a secret that was good is so no longer", async () => {
    const { ask, commit, links } = world();
    const token = links.redeem(links.offer()) ?? "";
    const { body } = await ask("/dashboard/events", { token });
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    for (let read = 0; read < 3; read += 1) await reader.read();
    const next = reader.read();
    for (let page = 0; page < 64; page += 1) links.redeem(links.offer());
    commit();

    expect(Buffer.from((await next).value ?? []).toString()).toMatch(/^event: fault\ndata: .*is not, or no longer, known here/);
    expect((await reader.read()).done).toBe(true);
  });

  it("let the session go when nobody ever read them", async () => {
    const { ask, counts } = world();
    const answer = await ask("/dashboard/events", { token: "own-token" });
    await answer.body?.cancel();

    expect(counts).toEqual({ visits: 1, left: 1, activity: 0 });
  });
});

describe("an acknowledgement", () => {
  it.each([
    { name: "this machine's user", token: "own-token", actor: { principal: "person:ana", verified: "token" } },
    {
      name: "the holder of a token",
      token: "bo-token",
      actor: { principal: "person:bo", verified: "token", fingerprint: expect.any(String) },
    },
    {
      name: "the bearer of a token of nobody's name",
      token: "cy-token",
      actor: { principal: expect.stringMatching(/^person:token [0-9a-f]{8}$/), verified: "token", fingerprint: expect.any(String) },
    },
  ])("is the word of $name", async ({ token, actor }) => {
    const { ask, acknowledged, counts } = world();
    const answer = await ask("/dashboard/ack", { ...acknowledge("m1"), token });

    expect([answer.status, await answer.json()]).toEqual([200, { id: "m1" }]);
    expect([acknowledged, counts.activity]).toEqual([[["m1", actor]], 1]);
  });

  it.each([
    { name: "of no message", body: acknowledge("m9"), status: 404 },
    { name: "without an id", body: acknowledge(undefined), status: 422 },
    { name: "with an id of another type", body: acknowledge(7), status: 422 },
    { name: "that is no JSON", body: { method: "POST", body: "<m1>" }, status: 422 },
    { name: "that is too long", body: acknowledge("m".repeat(5_000)), status: 413 },
  ])("$name is refused with $status", async ({ body, status }) => {
    const answer = await world().ask("/dashboard/ack", { ...body, token: "own-token" });

    expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([status, ["detail"]]);
  });
});

describe("a link", () => {
  it("opens the panel once", async () => {
    const { ask } = world();
    const { path } = (await (await ask("/control/dashboard", { method: "POST" })).json()) as { path: string };
    const link = /^\/#link=(.+)$/.exec(path)?.[1];
    const enter = () => ask("/dashboard/enter", { method: "POST", body: JSON.stringify({ link }) });
    const { token } = (await (await enter()).json()) as { token: string };

    expect([(await ask("/dashboard/state", { token })).status, (await enter()).status]).toEqual([200, 401]);
  });

  it("is not offered where many sessions are served", async () => {
    const { ask } = world({ hosted: true });
    const offered = await ask("/control/dashboard", { method: "POST" });
    const entered = await ask("/dashboard/enter", { method: "POST", body: JSON.stringify({ link: "" }) });

    expect([offered.status, entered.status]).toEqual([404, 404]);
  });
});
