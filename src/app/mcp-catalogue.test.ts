/** Resources, prompts and the reference pages of a real sidecar, as a host meets them over HTTP. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Body, busSidecar } from "./board.test.fixture.ts";
import { modern, post, request, toolCall } from "./mcp.test.fixture.ts";
import { RESOURCES } from "../tools/resources.ts";

/** A sidecar of a repository with a file, in which ana and bo disagree about it. */
async function served() {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-catalogue-"));
  execFileSync("git", ["init", "-q", folder]);
  writeFileSync(join(folder, "a.md"), "# A\n");
  const made = await busSidecar(folder, {});
  const base = `http://127.0.0.1:${made.sidecar.port}`;
  const url = `${base}/mcp`;
  const as = (name: string) => ({ authorization: `Bearer ${made.token}`, "x-signalbox-principal": name });
  const begin = (who: string, on_overlap: string) =>
    post(url, toolCall("begin_task", { objective: `${who} rewrites`, files: ["a.md"], on_overlap }), as(who));
  await begin("ana", "block");
  await begin("bo", "proceed");
  await post(url, toolCall("post_message", { topic: "plans", body: "look here", action_flag: true }), as("bo"));
  const ask = async (method: string, params: Body, headers: Record<string, string> = {}) => {
    const [legacy, later] = [await post(url, request(method, params), headers), await post(url, ...both(method, params, headers))];
    return [legacy.body, later.body].map((body) => (body["result"] ?? body["error"]) as Body);
  };
  return { base, as, ask, [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]() };
}

function both(method: string, params: Body, headers: Record<string, string>): [Body, Record<string, string>] {
  const [body, own] = modern(method, params);
  return [body, { ...own, ...headers }];
}

describe("a host that only reads", () => {
  it("is given every resource in both eras, and takes no part by it", async () => {
    await using sidecar = await served();
    const addresses = [
      ...RESOURCES.map(({ uri }) => uri).filter((uri) => !uri.includes("{")),
      "signalbox://board?topic=plans",
      "signalbox://file/a.md",
    ];
    const read = await Promise.all(addresses.map((uri) => sidecar.ask("resources/read", { uri })));
    const texts = read
      .flat()
      .flatMap(({ contents }) => (contents as Body[]).map(({ text }) => text))
      .join("\n");
    const [session] = await sidecar.ask("resources/read", { uri: "signalbox://session" });

    expect(texts).toContain("ana rewrites");
    expect(texts).toContain("look here");
    expect(texts).toContain("# A\n");
    expect(JSON.parse(String((session as Body & { readonly contents: Body[] }).contents[0]?.["text"]))).toMatchObject({
      you: null,
      participant_count: 2,
      open_conflict_count: 1,
    });
  });

  it("lists, completes and fills what there is", async () => {
    await using sidecar = await served();

    const [legacy, later] = await sidecar.ask("resources/templates/list", {});
    const topics = await sidecar.ask("completion/complete", {
      ref: { type: "ref/resource", uri: "signalbox://board{?topic}" },
      argument: { name: "topic", value: "pl" },
    });
    const conflicts = await sidecar.ask("completion/complete", {
      ref: { type: "ref/prompt", name: "resolve_conflict" },
      argument: { name: "conflict_id", value: "" },
    });
    const standup = await sidecar.ask("prompts/get", { name: "standup", arguments: {} });
    const none = await sidecar.ask("prompts/get", { name: "resolve_conflict", arguments: { conflict_id: "nope" } });

    expect(legacy?.["resourceTemplates"]).toEqual(later?.["resourceTemplates"]);
    expect(topics).toMatchObject([{ completion: { values: ["plans"] } }, { completion: { values: ["plans"] } }]);
    for (const said of conflicts) expect((said["completion"] as Body)["values"]).toHaveLength(1);
    for (const said of standup) expect(JSON.stringify(said)).toContain("Nothing needs you.");
    for (const said of none) expect(said).toMatchObject({ code: -32602, message: expect.stringContaining("open are") as string });
  });
});

it("a participant's prompts and inbox are about it", async () => {
  await using sidecar = await served();

  const [[inbox], [standup]] = await Promise.all([
    sidecar.ask("resources/read", { uri: "signalbox://inbox" }, sidecar.as("ana")),
    sidecar.ask("prompts/get", { name: "standup", arguments: {} }, sidecar.as("ana")),
  ]);

  expect(JSON.parse(String((inbox as Body & { readonly contents: Body[] }).contents[0]?.["text"]))).toMatchObject({
    open_conflicts: [{ opened_at: expect.stringMatching(/Z$/) as string, sides: [{}, {}] }],
    flags: [{ topic: "plans" }],
  });
  expect(JSON.stringify(standup)).toContain("What needs you:");
});

it("anybody may read what is served, under the address that was asked", async () => {
  await using sidecar = await served();

  const page = await fetch(`${sidecar.base}/mcp/docs`);
  const json = await fetch(`${sidecar.base}/mcp/docs.json`);

  expect([page.status, json.status]).toEqual([200, 200]);
  expect(await page.text()).toContain(`${sidecar.base}/mcp&quot;`);
  expect(await json.json()).toMatchObject({ server: { endpoint: "/mcp" } });
});
