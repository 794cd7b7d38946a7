import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { busSidecar } from "./app-board.test.fixture.ts";
import { begin, listen, modern, post, request, toolCall } from "./app-mcp.test.fixture.ts";

function repository(): string {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-mcp-"));
  execFileSync("git", ["init", "-q", folder]);
  return folder;
}

async function sidecar(env: Record<string, string> = {}) {
  const made = await busSidecar(repository(), env);
  return {
    url: `http://127.0.0.1:${made.sidecar.port}/mcp`,
    own: { authorization: `Bearer ${made.token}` },
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}

describe("whoever signs in", () => {
  it("begins a task in a session, and in 2026 without one", async () => {
    await using served = await sidecar();
    const session = await begin(served.url, served.own);

    const legacy = await post(served.url, toolCall("begin_task", { objective: "x", files: ["a.ts"] }), session);
    const [body, headers] = modern("tools/call", { name: "who_is_working", arguments: {} });
    const later = await post(served.url, body, { ...headers, ...served.own });

    expect(legacy.body).toMatchObject({ result: { structuredContent: { status: "ok" } } });
    expect(JSON.stringify(later.body)).toContain("a.ts");
  });

  it("hears on its stream of what it follows", async () => {
    await using served = await sidecar();
    const session = await begin(served.url, served.own);
    await post(served.url, request("resources/subscribe", { uri: "signalbox://intents" }), session);
    const stream = await listen(served.url, session);
    const primed = await stream.next();

    await post(served.url, toolCall("begin_task", { objective: "x", files: ["a.ts"] }), session);
    const heard = await stream.next();

    expect(primed).toMatchObject({ data: "", id: expect.any(String) as string });
    expect(JSON.parse(heard?.data ?? "{}")).toEqual({
      jsonrpc: "2.0",
      method: "notifications/resources/updated",
      params: { uri: "signalbox://intents" },
    });
    stream.close();
  });
});
