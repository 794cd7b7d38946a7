import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { bridgeIn } from "./bridge.test.fixture.ts";
import { bridge, type HostedBridge, LEGACY, type Message, MODERN } from "./host.test.fixture.ts";
import { sidecarFor } from "./sidecar.test.fixture.ts";

const ERAS = ["legacy", "modern"] as const;
const OTHER_BUS = { BUS_MCP_BASE_URL: "http://127.0.0.1:1/api/bus" };
const FORM = { elicitation: { form: {} } };
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";

/** Ana's host, whose person can be asked, in this era. */
async function host(era: (typeof ERAS)[number], scratch: Scratch, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const ana: HostedBridge = bridge(scratch, args, env);
  const meta = { _meta: { ...MODERN._meta, [CAPABILITIES]: FORM } };
  const ask = (method: string, params: { readonly _meta?: object; readonly [member: string]: unknown } = {}) =>
    ana.ask(method, era === "legacy" ? params : { ...params, _meta: { ...meta._meta, ...params._meta } });
  if (era === "legacy") {
    await ana.ask("initialize", { ...LEGACY, protocolVersion: "2025-11-25", capabilities: FORM });
    ana.say("notifications/initialized", {});
  } else await ask("server/discover");
  /** Waits for the word that the resource says something else. */
  const follow = async (uri: string) => {
    if (era === "legacy") return ana.ask("resources/subscribe", { uri });
    const acknowledged = ana.next("notifications/subscriptions/acknowledged");
    ana.say("subscriptions/listen", { ...meta, notifications: { resourceSubscriptions: [uri] } }, 7);
    return acknowledged;
  };
  return { ana, ask, follow, [Symbol.asyncDispose]: () => ana[Symbol.asyncDispose]() };
}

const contentOf = ({ result = {} }: Message) => {
  const [content] = result["contents"] as { text: string }[];
  return JSON.parse(content?.text ?? "null") as Record<string, unknown>;
};
const membersOf = ({ result = {} }: Message, list: string, member: string) =>
  (result[list] as Record<string, unknown>[]).map((one) => one[member]);

describe.each(ERAS)("a host of the %s era", (era) => {
  it("is shown resources, templates and prompts before anything is joined, of the profiles that are on", async () => {
    await using scratch = await scratchFolder();
    await using at = await host(era, scratch, ["--workspace", join(scratch.folder, "nowhere"), "--profile", "core"]);

    const resources = await at.ask("resources/list");
    const templates = await at.ask("resources/templates/list");
    const prompts = await at.ask("prompts/list");
    const read = await at.ask("resources/read", { uri: "signalbox://session" });

    expect(membersOf(resources, "resources", "uri")).toEqual(
      ["session", "intents", "conflicts", "inbox"].map((name) => `signalbox://${name}`),
    );
    expect(templates.result).toMatchObject({ resourceTemplates: [{ uriTemplate: "signalbox://file/{path}" }] });
    expect(membersOf(prompts, "prompts", "name")).toEqual(["standup", "handoff", "resolve_conflict"]);
    expect(read.error).toMatchObject({ code: -32603, message: expect.stringContaining("WORKSPACE_NO_FOLDER") as string });
    expect(JSON.stringify([resources, templates, prompts])).not.toContain('"profile"');
  });

  it("is answered with the same bytes by the first call, which is the SDK's, and by those behind it", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using at = await host(era, scratch, ["--workspace", repo]);
    const answers: Message[] = [];

    for (const marks of [{}, {}, { progressToken: 1, "host.example/id": "a" }])
      answers.push(await at.ask("tools/call", { name: "begin_task", arguments: { files: 7 }, _meta: marks }));
    const [first, ...later] = answers.map(({ id: _id, ...answer }) => JSON.stringify(answer));

    expect(first).toContain('"isError":true');
    expect(later).toEqual([first, first]);
  });

  it("reads what is going on, hears when that changes, and completes what it types", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });
    await using at = await host(era, scratch, ["--workspace", repo]);

    const before = await at.ask("resources/read", { uri: "signalbox://intents" });
    await at.follow("signalbox://intents");
    const updated = at.ana.next("notifications/resources/updated");
    await bo.call("begin_task", { objective: "paint it", files: ["a.ts"] });
    const { params } = await updated;
    const after = await at.ask("resources/read", { uri: "signalbox://intents" });
    const completed = await at.ask("completion/complete", {
      ref: { type: "ref/resource", uri: "signalbox://file/{path}" },
      argument: { name: "path", value: "a" },
    });
    const standup = await at.ask("prompts/get", { name: "standup" });

    expect(contentOf(before)).not.toMatchObject({ intents: [{ principal_id: "bo" }] });
    expect(params).toMatchObject({ uri: "signalbox://intents" });
    expect(JSON.stringify(contentOf(after))).toContain("paint it");
    expect(completed.result).toMatchObject({ completion: { values: ["a.ts"] } });
    expect(JSON.stringify(standup.result)).toContain("paint it");
  });

  it("hears of lanes and of what is posted about a topic, also after the sidecar was restarted", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const first = await sidecarFor(repo);
    await using at = await host(era, scratch, ["--workspace", repo]);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });
    const uri = "signalbox://board?topic=a%20b";
    /** What the host is told of first, once that is done. */
    const toldOf = async (change: () => Promise<unknown>) => {
      const updated = at.ana.next("notifications/resources/updated");
      await change();
      return (await updated).params?.["uri"];
    };

    const opened = await toldOf(() => at.follow(uri));
    const posted = await toldOf(() => bo.call("post_message", { topic: "a b", body: "it is red" }));
    await first[Symbol.asyncDispose]();
    await using _second = await sidecarFor(repo);
    const reopened = await toldOf(() => at.ask("tools/call", { name: "who_is_working", arguments: {} }));
    const read = await at.ask("resources/read", { uri });

    expect([opened, posted, reopened]).toEqual([uri, uri, uri]);
    expect(JSON.stringify(contentOf(read))).toContain("it is red");
  });

  it("has its person asked about a conflict, and the word carried out", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using _sidecar = await sidecarFor(repo);
    await using bo = bridgeIn(scratch, repo, { principal: "bo" });
    await using at = await host(era, scratch, ["--workspace", repo]);
    const begin = { name: "begin_task", arguments: { objective: "o", files: ["a.ts"], on_overlap: "proceed" } };
    await bo.call("begin_task", { objective: "paint it", files: ["a.ts"] });
    const { result: begun = {} } = await at.ask("tools/call", begin);
    const { intent_id: mine } = begun["structuredContent"] as { intent_id: string };
    const summary = await bo.call("who_is_working");
    const [conflict] = summary["open_conflicts"] as { conflict_id: string }[];
    const escalate = { name: "escalate_conflict", arguments: { conflict_id: conflict?.conflict_id, reason: "both paint" } };
    const questions: string[] = [];
    const word = { action: "accept", content: { choice: "keep_theirs" } };
    at.ana.onRequest = ({ params }) => {
      questions.push(String(params?.["message"]));
      return word;
    };

    let answer = await at.ask("tools/call", escalate);
    if (answer.result?.["resultType"] === "input_required") {
      const { inputRequests, requestState } = answer.result as {
        inputRequests: { answer: { params: { message: string } } };
        requestState: string;
      };
      questions.push(inputRequests.answer.params.message);
      answer = await at.ask("tools/call", { ...escalate, requestState, inputResponses: { answer: word } });
    }
    const after = await bo.call("who_is_working");

    expect(questions).toEqual([expect.stringContaining("paint it")]);
    expect(answer.result).toMatchObject({ structuredContent: { status: "ok" } });
    expect(JSON.stringify(after["active_intents"])).not.toContain(mine);
  });
});

it("promises a host that listens no word of what no bridge hears of", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using at = await host("modern", scratch, ["--workspace", repo], OTHER_BUS);

  const acknowledged = at.ana.next("notifications/subscriptions/acknowledged");
  const resourceSubscriptions = ["lanes", "session", "board?topic=a", "nothing"].map((name) => `signalbox://${name}`);
  at.ana.say("subscriptions/listen", { ...MODERN, notifications: { resourceSubscriptions } }, 8);
  const { params } = await acknowledged;
  const malformed = await at.ask("subscriptions/listen", { notifications: { resourceSubscriptions: "signalbox://session" } });

  expect(params?.["notifications"]).toEqual({ resourceSubscriptions: ["signalbox://session"] });
  expect(malformed.error).toMatchObject({ code: -32602 });
});

it("tells a host that asks to follow what no bridge hears of to read it instead", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using at = await host("legacy", scratch, ["--workspace", repo], OTHER_BUS);

  const lanes = await at.follow("signalbox://lanes");
  const unknown = await at.follow("signalbox://nothing");

  expect(lanes.error).toMatchObject({ code: -32602, message: expect.stringContaining("read it when you need it") as string });
  expect(unknown.error).toMatchObject({ code: -32002, message: expect.stringContaining("there is no resource") as string });
});

describe("a line of a host that is no message alone", () => {
  const ping = (id: number) => ({ jsonrpc: "2.0", id, method: "ping" });
  const told = { jsonrpc: "2.0", method: "notifications/nothing" };
  const call = { name: "begin_task", arguments: { files: 7 } };

  it("is answered in one line when it holds several, whoever answers each", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using at = await host("legacy", scratch, ["--workspace", repo]);
    const called = await at.ask("tools/call", call); // what is called from now on is answered without the SDK

    const array = [ping(1), told, { jsonrpc: "2.0", id: 2, method: "tools/call", params: call }, 5, { id: 3 }];
    const answers = await at.ana.tell(JSON.stringify(array));

    expect(answers).toEqual([
      { jsonrpc: "2.0", id: 1, result: {} },
      { jsonrpc: "2.0", id: 2, result: called.result },
      expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32600 }) as unknown }),
      expect.objectContaining({ id: 3, error: expect.objectContaining({ code: -32600 }) as unknown }),
    ]);
    expect((await at.ana.end()).unread).toEqual([]);
  });

  it("is refused in 2026-07-28 when it holds several, and is answered when it is no JSON, and goes on", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using at = await host("modern", scratch, ["--workspace", repo]);

    const several = await at.ana.tell(JSON.stringify([ping(1), ping(2)]));
    const none = await at.ana.tell("Loading the environment ...");
    const { result } = await at.ask("tools/list");

    expect(several).toMatchObject({ id: null, error: { code: -32600, message: expect.stringContaining("2026-07-28") as string } });
    expect(none).toMatchObject({ id: null, error: { code: -32700 } });
    expect(result?.["tools"]).not.toEqual([]);
    expect((await at.ana.end()).unread).toEqual([]);
  });
});

describe("a host that discovers and then initializes", () => {
  const call = { name: "begin_task", arguments: { files: 7 } };
  const initialize = { ...LEGACY, protocolVersion: "2025-11-25" };

  it("is served in the era before 2026-07-28, call after call, however often it does", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using ana = bridge(scratch, ["--workspace", repo]);
    const results: unknown[] = [];

    const discovered = await ana.ask("server/discover", MODERN);
    for (let time = 0; time < 2; time += 1) {
      expect((await ana.ask("initialize", initialize)).result).toMatchObject({ protocolVersion: "2025-11-25" });
      for (let calls = 0; calls < 2; calls += 1) results.push((await ana.ask("tools/call", call)).result);
      expect((await ana.ask("server/discover", MODERN)).error).toMatchObject({ code: -32601 });
    }

    expect(discovered.result?.["supportedVersions"]).toEqual(["2026-07-28"]);
    expect(results[0]).toMatchObject({ isError: true });
    expect(results).toEqual([results[0], results[0], results[0], results[0]]);
  });

  it("stays in 2026-07-28 when it has called something there", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using at = await host("modern", scratch, ["--workspace", repo]);

    const before = await at.ask("tools/call", call);
    const refused = await at.ana.ask("initialize", initialize);
    const behind = [await at.ask("tools/call", call), await at.ask("tools/call", call)];

    expect(before.result).toMatchObject({ resultType: "complete", isError: true });
    expect(refused.error).toBeDefined();
    expect(behind.map(({ result }) => result)).toEqual([before.result, before.result]);
  });
});
