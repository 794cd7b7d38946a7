import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { serveLater } from "./mcp-later.ts";
import type { MadeMcp } from "./mcp.ts";
import type { Common } from "./service.ts";

/** What is put together when somebody asks, and what happens to it. */
function later(loads: (() => void)[] = []) {
  const told: string[] = [];
  const owned: AsyncDisposable[] = [];
  const common = { own: (made: AsyncDisposable) => (owned.push(made), made) } as unknown as Common;
  const mcp = serveLater(common, { error: () => told.push("logged") }, (within) => {
    told.push("load");
    loads.shift()?.();
    within.own({ [Symbol.asyncDispose]: () => Promise.resolve(void told.push("closed")) });
    return Promise.resolve({
      routes: new Hono().all("/mcp/*", ({ req, text }) => text(`${req.path} by its route`)),
      answer: ({ req, text }) => Promise.resolve(text(`answered at ${req.param("session") ?? "the only session"}`)),
      isBusy: () => true,
      dismiss: () => 2,
      hold: () => Promise.resolve(void told.push("hold")),
      renewKeys: (keys) => void told.push(`keys ${Object.keys(keys).join()}`),
    } satisfies MadeMcp);
  });
  const ask = async (path = "/mcp") => (await mcp.routes.request(path)).text();
  const end = async () => {
    for (const made of owned.reverse()) await made[Symbol.asyncDispose]();
  };
  return { mcp, told, ask, end };
}

describe("MCP over HTTP that nobody has asked for", () => {
  it("is not put together, and keeps nobody", async () => {
    const { mcp, told, end } = later();

    expect([mcp.isBusy(), mcp.dismiss(), await mcp.hold()]).toEqual([false, 0, undefined]);
    await end();
    expect(told).toEqual([]);
  });

  it("is put together once, by whoever asks first", async () => {
    const { mcp, told, ask } = later();

    expect(await Promise.all([ask(), ask()])).toEqual(["answered at the only session", "answered at the only session"]);
    expect(await ask()).toBe("answered at the only session");
    expect([mcp.isBusy(), mcp.dismiss()]).toEqual([true, 2]);
    await mcp.hold();
    expect(told).toEqual(["load", "hold"]);
  });

  it("answers where MCP is spoken by itself, and elsewhere by its routes, before it stands and behind that", async () => {
    const { ask } = later();
    const paths = ["/session/s1/mcp", "/mcp", "/mcp/docs"];
    const said = ["answered at s1", "answered at the only session", "/mcp/docs by its route"];

    expect(await Promise.all(paths.map((path) => ask(path)))).toEqual(said);
    expect(await Promise.all(paths.map((path) => ask(path)))).toEqual(said);
  });

  it("goes by the keys that were renewed before", async () => {
    const { mcp, told, ask } = later();

    mcp.renewKeys({ "key-of-ana": {} as never });
    await ask();

    expect(told).toEqual(["load", "keys key-of-ana"]);
  });

  it("is waited for before the log is handed on, and whoever asked for it is answered", async () => {
    const { mcp, told, ask } = later();

    const asked = ask();
    await mcp.hold();

    expect([await asked, told]).toEqual(["answered at the only session", ["load", "hold"]]);
  });

  it("is not put together while the log is handed on, and says when to ask again", async () => {
    const { mcp, told } = later();

    await mcp.hold();
    const { status, headers } = await mcp.routes.request("/mcp");

    expect([status, headers.get("retry-after"), told]).toEqual([503, "1", []]);
  });

  it("is tried again after it could not be", async () => {
    const broken = () => {
      throw new Error("no disk");
    };
    const { told, ask } = later([broken]);

    expect(await ask()).toContain("its log says why");
    expect(await ask()).toBe("answered at the only session");
    expect(told).toEqual(["load", "logged", "load"]);
  });

  it("closes what it has opened with the sidecar, and is not put together behind that", async () => {
    const { told, ask, end } = later();
    await ask();

    await end();
    expect(told).toEqual(["load", "closed"]);

    const never = later();
    await never.end();
    expect(await never.ask()).toContain("send this again");
    expect(never.told).toEqual([]);
  });
});
