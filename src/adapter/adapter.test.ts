/** The adapters on streams of this process, against a small broker. */
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { type Broker, SECRET, startBroker, unsignedEnvelope } from "../client/peer/broker.test.fixture.ts";
import { NAME_CLAIMED } from "../client/peer/frames.ts";
import { signed } from "../client/peer/signature.ts";
import { readEnvelope, travellingEnvelope } from "../wire/peer/canonical.ts";
import { runAdapter } from "./run.ts";
import type { AdapterMode } from "./settings.ts";

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly result?: {
    readonly content: readonly { readonly text: string }[];
    readonly structuredContent: unknown;
    readonly isError: boolean;
  };
  readonly error?: { readonly code: number; readonly message: string; readonly data: string };
  readonly params?: { readonly content: string; readonly meta: Readonly<Record<string, string>> };
}

interface Running extends AsyncDisposable {
  readonly input: PassThrough;
  readonly output: PassThrough;
  /** Every line so far. */
  readonly lines: readonly string[];
  readonly said: readonly string[];
  readonly exitCode: Promise<number>;
  /** The next line that no test has taken yet. */
  next(): Promise<Answer>;
  ask(method: string, params?: object): Promise<Answer>;
  call(name: string, args?: object): Promise<Answer>;
}

function start(broker: Broker, mode: AdapterMode, name: string | undefined): Running {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const lines: string[] = [];
  const said: string[] = [];
  let unfinished = "";
  let given = 0;
  let wake: () => void = () => undefined;
  output.on("data", (chunk: Buffer) => {
    const [...parts] = (unfinished + chunk.toString()).split("\n");
    unfinished = parts.pop() ?? "";
    lines.push(...parts);
    wake();
  });
  const exitCode = runAdapter(
    { mode, name, url: broker.url, token: "token", secret: SECRET },
    { input, output, report: (line) => said.push(line), signal: new AbortController().signal },
  );
  let ids = 0;
  async function next(): Promise<Answer> {
    while (lines.length <= given) await new Promise<void>((resolve) => (wake = resolve));
    return JSON.parse(lines[given++] ?? "") as Answer;
  }
  const running: Running = {
    input,
    output,
    lines,
    said,
    exitCode,
    next,
    ask(method, params) {
      input.write(`${JSON.stringify({ jsonrpc: "2.0", id: (ids += 1), method, params })}\n`);
      return next();
    },
    call: (tool, args) => running.ask("tools/call", { name: tool, arguments: args }),
    async [Symbol.asyncDispose]() {
      input.end();
      await exitCode;
    },
  };
  return running;
}

/** An envelope of ana to bo. */
function envelope(id: string, body = "1"): string {
  const read = readEnvelope(unsignedEnvelope(id, body));
  return read === undefined ? "" : travellingEnvelope(signed(read, SECRET));
}
const structured = ({ result }: Answer): unknown => result?.structuredContent;

/** Until the peer stands at the broker. */
async function registered(adapter: Running): Promise<void> {
  await adapter.call("bus.peers");
}

describe("an adapter", () => {
  it("introduces itself with the version that the client speaks", async () => {
    await using broker = await startBroker();
    await using generic = start(broker, "generic", "bo");
    await using cc = start(broker, "cc", "cy");

    expect(await generic.ask("initialize", { protocolVersion: "2099-01-01" })).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: { protocolVersion: "2099-01-01", capabilities: { tools: {} }, serverInfo: { name: "peerbus-generic-adapter", version: "1" } },
    });
    expect(await cc.ask("initialize")).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {
        protocolVersion: "2025-06-18",
        capabilities: { tools: {}, experimental: { "claude/channel": {} } },
        serverInfo: { name: "peerbus-cc-adapter", version: "1" },
      },
    });
  });

  it("lists its tools, of which Claude Code has no drain", async () => {
    await using broker = await startBroker();
    await using generic = start(broker, "generic", "bo");
    await using cc = start(broker, "cc", "cy");

    const lists = [await generic.ask("tools/list"), await cc.ask("tools/list")];

    expect(lists).toMatchObject([
      {
        result: {
          tools: ["bus.send", "bus.broadcast", "bus.peers", "bus.drain"].map((name) => ({ name, inputSchema: { type: "object" } })),
        },
      },
      { result: { tools: ["bus.send", "bus.broadcast", "bus.peers"].map((name) => ({ name })) } },
    ]);
    expect((lists[1] as unknown as { result: { tools: unknown[] } }).result.tools).toHaveLength(3);
  });

  it("answers each request once, in turn, and a notification never", async () => {
    await using broker = await startBroker();
    await using generic = start(broker, "generic", "bo");

    generic.input.write(
      [
        '{"jsonrpc":"2.0","method":"notifications/initialized"}',
        '{"jsonrpc":"2.0","method":"ping"}',
        '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"bus.drain"}}',
        '{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"bus.peers"}}',
        '{"jsonrpc":"2.0","id":null,"method":"ping"}',
        '{"jsonrpc":"2.0","id":1e0,"method":"ping"}',
      ].join("\n"),
    );
    generic.input.end();
    await generic.exitCode;

    expect(generic.lines).toEqual([
      '{"jsonrpc":"2.0","id":"a","result":{"content":[{"type":"text","text":"{\\"self\\":\\"bo\\",\\"peers\\":[]}"}],"structuredContent":{"self":"bo","peers":[]},"isError":false}}',
      '{"jsonrpc":"2.0","id":null,"result":{}}',
      '{"jsonrpc":"2.0","id":1e0,"result":{}}',
    ]);
  });

  it.each([
    { name: "what is no JSON", line: "{", code: -32_700, data: "this is no JSON-RPC message" },
    { name: "a list of messages", line: "[]", code: -32_700, data: "this is no JSON-RPC message" },
    { name: "a method that is no text", line: '{"id":1,"method":1}', code: -32_700, data: "this is no JSON-RPC message" },
    { name: "an unknown method", line: '{"id":1,"method":"<later>"}', code: -32_601, data: "<later>" },
    {
      name: "a call without params",
      line: '{"id":1,"method":"tools/call"}',
      code: -32_602,
      data: "tools/call: params are an object with a name",
    },
  ])("refuses $name", async ({ line, code, data }) => {
    await using broker = await startBroker();
    await using generic = start(broker, "generic", "bo");

    generic.input.write(`${line}\n`);

    const { id, error } = await generic.next();
    expect([id, error]).toEqual([code === -32_700 ? undefined : 1, { code, message: expect.any(String), data }]);
  });

  it.each([
    { tool: "", args: {}, code: -32_602, data: "tools/call: missing tool name" },
    { tool: "bus.send", args: "to bo", code: -32_602, data: "tools/call: arguments must be an object" },
    { tool: "bus.send", args: { body: 1 }, code: -32_602, data: 'bus.send: "to" is required' },
    { tool: "bus.send", args: { to: "", body: 1 }, code: -32_602, data: 'bus.send: "to" is required' },
    { tool: "bus.send", args: { to: 7, body: 1 }, code: -32_602, data: 'invalid tool arguments: "to" is a string' },
    { tool: "bus.send", args: { to: "*", body: 1 }, code: -32_602, data: 'bus.send: "to" is one peer; bus.broadcast reaches all of them' },
    { tool: "bus.send", args: { to: "bo" }, code: -32_602, data: 'bus.send: "body" is required' },
    { tool: "bus.broadcast", args: undefined, code: -32_602, data: 'bus.broadcast: "body" is required' },
    { tool: "bus.later", args: {}, code: -32_601, data: "bus.later" },
  ])("refuses $tool with $args", async ({ tool, args, code, data }) => {
    await using broker = await startBroker();
    await using generic = start(broker, "generic", "bo");

    const { error } = await generic.ask("tools/call", { name: tool, arguments: args });

    expect(error).toEqual({ code, message: code === -32_601 ? "unknown tool" : "invalid params", data });
  });

  it.each([
    ["bus.send", { to: "ana", body: 1 }],
    ["bus.drain", {}],
  ])("tells the agent by %s when it is not connected, and why", async (tool, args) => {
    await using broker = await startBroker();
    broker.refused.set("bo", { code: 1008, reason: NAME_CLAIMED });
    await using generic = start(broker, "generic", "bo");
    await generic.call("bus.peers");

    const { result } = await generic.call(tool, args);

    expect(result).toEqual({
      content: [
        {
          type: "text",
          text: "adapter: not connected to broker (the name is claimed under a different token; start again with another PEERBUS_NAME)",
        },
      ],
      isError: true,
    });
  });
});

describe("the generic adapter", () => {
  it("carries bodies as their senders spelt them, any JSON", async () => {
    await using broker = await startBroker();
    await using ana = start(broker, "generic", "ana");
    await using bo = start(broker, "generic", "bo");
    await registered(bo);
    const bodies = ['{"2":1.0,"1":"\\u00e9","1":-0,"__proto__":12345678901234567890}', "null", '"text"', "[1e5]"];

    const answers: Answer[] = [];
    for (const [index, body] of bodies.entries()) {
      ana.input.write(
        `{"jsonrpc":"2.0","id":${index},"method":"tools/call","params":{"name":"bus.send","arguments":{"to":"bo","body": ${body} }}}\n`,
      );
      answers.push(await ana.next());
    }
    await registered(bo);
    await bo.call("bus.drain");

    expect(answers.map(structured)).toEqual(bodies.map(() => ({ sent: true, to: "bo" })));
    for (const body of bodies) expect(bo.lines.at(-1)).toContain(`"from":"ana","source":"peer-bus","body":${body}}`);
    const { result } = JSON.parse(bo.lines.at(-1) ?? "") as Answer;
    expect(JSON.parse(result?.content[0]?.text ?? "")).toEqual(result?.structuredContent);
  });

  it("gives each message once, in the order in which they came", async () => {
    await using broker = await startBroker();
    await using ana = start(broker, "generic", "ana");
    await using bo = start(broker, "generic", "bo");
    await registered(bo);

    for (const body of [1, 2]) await ana.call("bus.send", { to: "bo", body });
    expect(structured(await ana.call("bus.broadcast", { body: 3 }))).toEqual({ broadcast: true });
    await registered(bo);

    const drained = structured(await bo.call("bus.drain")) as { messages: { id: string; body: number }[] };
    expect(drained.messages.map(({ body }) => body)).toEqual([1, 2, 3]);
    for (const message of drained.messages) expect(Object.keys(message)).toEqual(["id", "from", "source", "body"]);
    expect(structured(await bo.call("bus.drain"))).toEqual({ messages: [] });
  });

  it("acknowledges what it gave when the answer was written, and not before", async () => {
    await using broker = await startBroker();
    await using bo = start(broker, "generic", "bo");
    await registered(bo);
    broker.take(envelope("1", `"${"x".repeat(100_000)}"`));
    await registered(bo);
    bo.output.pause(); // its buffer is full before the answer is whole
    bo.input.write('{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"bus.drain"}}\n');
    await broker.settled("bo");
    await broker.settled("bo"); // the request has come by now, and its acknowledgement would have
    const before = broker.unacknowledged();

    bo.output.resume();
    await bo.next();
    await registered(bo);

    expect(before).toEqual(["1"]);
    expect(broker.unacknowledged()).toEqual([]);
  });

  it("marks what a process before it may have shown", async () => {
    await using broker = await startBroker();
    {
      await using before = start(broker, "generic", "bo");
      await registered(before);
      broker.take(envelope("1"));
      await registered(before);
    }
    await using bo = start(broker, "generic", "bo");
    await registered(bo);

    expect(structured(await bo.call("bus.drain"))).toEqual({
      messages: [{ id: "1", from: "ana", source: "peer-bus", body: 1, redelivered: true }],
    });
  });
});

describe("the adapter of Claude Code", () => {
  it("pushes what comes, and acknowledges what it pushed, once the client listens", async () => {
    await using broker = await startBroker();
    await using cc = start(broker, "cc", "bo");
    await registered(cc);
    broker.take(envelope("1", '{"text":"hello"}'));
    await registered(cc);
    const before = [cc.lines.length, broker.unacknowledged()];

    cc.input.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    const [connected, message] = [await cc.next(), await cc.next()];
    await registered(cc);

    expect(before).toEqual([2, ["1"]]);
    expect(connected.params).toEqual({ content: "📡 connected as bo", meta: { kind: "system", self: "bo" } });
    expect(message.params?.content).toBe('📨 msg from ana: "hello"');
    expect(broker.unacknowledged()).toEqual([]);
    expect(structured(await cc.call("bus.drain"))).toEqual({ messages: [] });
  });

  it("says its name again after each registration, and pushes nothing twice", async () => {
    await using broker = await startBroker();
    await using cc = start(broker, "cc", "bo");
    await registered(cc);
    cc.input.write('{"jsonrpc":"2.0","method":"initialized"}\n');
    await cc.next();
    broker.take(envelope("1"));
    await cc.next();

    broker.cut();
    broker.take(envelope("2"));
    const again = await cc.next();
    const second = await cc.next();

    expect([again.params?.meta["kind"], second.params?.meta["msg_id"]]).toEqual(["system", "2"]);
  });

  it("makes up a name, and another one while it is somebody else's, six times", async () => {
    await using broker = await startBroker();
    let refusals = 0;
    broker.refused.get = () => ((refusals += 1) <= 6 ? { code: 1008, reason: NAME_CLAIMED } : undefined);
    await using cc = start(broker, "cc", undefined);

    const answer = await cc.call("bus.peers");

    const names = broker.heard.filter(({ frame }) => frame["type"] === "register").map(({ name }) => name);
    expect([names.length, new Set(names).size, (structured(answer) as { self: string }).self]).toEqual([7, 7, names.at(-1)]);
  });

  it.each([
    { name: "a name that it was given", given: "ana", attempts: 1 },
    { name: "the seventh that it made up", given: undefined, attempts: 7 },
  ])("ends when $name is somebody else's", async ({ given, attempts }) => {
    await using broker = await startBroker();
    broker.refused.get = () => ({ code: 1008, reason: NAME_CLAIMED });
    await using cc = start(broker, "cc", given);

    expect(await cc.exitCode).toBe(1);
    expect(cc.said.at(-1)).toMatch(/^mode "cc" exited: the name ".+" is claimed under a different token$/);
    expect(broker.heard).toHaveLength(attempts);
  });
});
