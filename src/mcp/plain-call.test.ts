import { createMcpHandler } from "@modelcontextprotocol/server";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ending } from "./ending.ts";
import type { Called } from "./face.ts";
import { makeServer } from "./make-server.ts";
import { answersPlainly, createPlainCalls, plainCallIn2025 } from "./plain-call.ts";
import { createRequestStates } from "./request-state.ts";
import { envelope, faceWith, said, talk } from "./talk.test.fixture.ts";

type Members = Record<string, unknown>;

const ENDS = new Ending();
const PLAIN = { whenSent: () => undefined, report: () => undefined };
const QUESTION = { message: "Which?", fields: { why: { type: "string", title: "Why" } }, required: ["why"], state: {} } as const;

const call = (): Members => ({
  jsonrpc: "2.0",
  id: 7,
  method: "tools/call",
  params: { name: "act", arguments: { a: 1 }, _meta: envelope() },
});
const headers = (): Record<string, string> => ({
  "content-type": "application/json",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "act",
});

/** A place in a request, and what stands there instead of what is in order; undefined: nothing. */
const anyChange = fc.tuple(
  fc.constantFrom(
    ["jsonrpc"],
    ["id"],
    ["method"],
    ["params"],
    ["task"],
    ["params", "name"],
    ["params", "arguments"],
    ["params", "arguments", "b"],
    ["params", "inputResponses"],
    ["params", "requestState"],
    ["params", "_meta"],
    ["params", "_meta", "progressToken"],
    ["params", "_meta", "traceparent"],
    ["params", "_meta", "io.modelcontextprotocol/protocolVersion"],
    ["params", "_meta", "io.modelcontextprotocol/logLevel"],
    ["params", "_meta", "io.modelcontextprotocol/clientInfo"],
    ["params", "_meta", "io.modelcontextprotocol/clientInfo", "name"],
    ["params", "_meta", "io.modelcontextprotocol/clientInfo", "version"],
    ["params", "_meta", "io.modelcontextprotocol/clientInfo", "title"],
    ["params", "_meta", "io.modelcontextprotocol/clientCapabilities"],
    ["params", "_meta", "io.modelcontextprotocol/clientCapabilities", "elicitation"],
    ["params", "_meta", "io.modelcontextprotocol/clientCapabilities", "sampling"],
  ),
  fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(undefined, "act", "2026-07-28", "2025-11-25", {}, { form: {} }, { url: {} }, { elicitation: {} }),
  ),
);
const anyHeader = fc.tuple(
  fc.constantFrom("mcp-protocol-version", "mcp-method", "mcp-name"),
  fc.constantFrom(undefined, "act", " act", "=?base64?YWN0?=", "tools/call", "2026-07-28", "2025-11-25"),
);
/** Of a member of a result: a tool names its own, and none like that, which the SDK leaves out. */
const anyName = fc.string().filter((name) => name !== "__proto__");
const anyOutcome: fc.Arbitrary<Called | Error> = fc.oneof(
  fc
    .record({ structured: fc.dictionary(anyName, fc.jsonValue()), text: fc.string(), isError: fc.boolean() })
    .map(({ structured, text, isError }): Called => ({ outcome: "result", result: { structured, text, ...(isError ? { isError } : {}) } })),
  fc.constant(said("asks", { asks: QUESTION })),
  fc.string().map((message) => new Error(message)),
);

function changed(message: Members, place: readonly string[], value: unknown): Members {
  const [name, ...rest] = place;
  if (name === undefined) return message;
  const standing = message[name];
  if (rest.length > 0 && (typeof standing !== "object" || standing === null || Array.isArray(standing))) return message;
  const next = rest.length === 0 ? value : changed(standing as Members, rest, value);
  return { ...message, [name]: next };
}

function faceOf(outcome: Called | Error) {
  const seen: unknown[] = [];
  const face = faceWith({
    act(asked, args) {
      seen.push([args, asked.clientName, asked.person.canBeAsked, asked.era]);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  });
  return { face, seen };
}

describe("a plain call", () => {
  it("is answered in 2026-07-28 with the bytes that the SDK gives, or left to it, whatever it says", async () => {
    const calls = createPlainCalls();
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyChange, { maxLength: 2 }),
        fc.array(anyHeader, { maxLength: 1 }),
        anyOutcome,
        async (changes, others, outcome) => {
          const body = JSON.parse(JSON.stringify(changes.reduce((one, [place, value]) => changed(one, place, value), call()))) as unknown;
          const given = new Headers(headers());
          for (const [name, value] of others) {
            if (value === undefined) given.delete(name);
            else given.set(name, value);
          }
          const ours = faceOf(outcome);
          const theirs = faceOf(outcome);
          const asked = { era: "modern", visit: {} } as const;

          const read = calls.in2026(body, given);
          const answered = read === undefined ? undefined : await answersPlainly(ours.face, PLAIN)(read, read, asked, ENDS);
          if (answered === undefined) return;
          plain += 1;
          const requestStates = createRequestStates({ nowMs: () => 0 });
          const server = () => makeServer(theirs.face, { era: "modern", requestStates, callerOf: () => "ana", ...PLAIN });
          const request = new Request("http://127.0.0.1/mcp", { method: "POST", headers: given });
          const response = await createMcpHandler(server, { legacy: "reject" }).fetch(request, { parsedBody: body });

          expect([200, JSON.stringify(answered)]).toEqual([response.status, await response.text()]);
          expect(ours.seen).toEqual(theirs.seen);
        },
      ),
      { numRuns: 500 },
    );

    expect(plain).toBeGreaterThan(50);
  });

  it("is answered in the era before with what the SDK gives, or left to it, whatever it says", async () => {
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyChange, { maxLength: 1 }),
        fc.constantFrom({}, { elicitation: {} }),
        anyOutcome,
        async (changes, capabilities, outcome) => {
          const bare = { ...call(), params: { name: "act", arguments: { a: 1 } } };
          const body = JSON.parse(
            JSON.stringify(changes.reduce((one, [place, value]) => changed(one, place, value), bare as Members)),
          ) as Members;
          const ours = faceOf(outcome);
          const theirs = faceOf(outcome);

          const read = plainCallIn2025(body);
          const client = { clientName: "host", capabilities };
          const asked = { era: "legacy", visit: undefined } as const;
          const answered = read === undefined ? undefined : await answersPlainly(ours.face, PLAIN)(read, client, asked, ENDS);
          if (answered === undefined) return;
          plain += 1;
          const host = await talk("legacy", theirs.face, { capabilities });
          const { id: _id, ...expected } = await host.ask("tools/call", body["params"] as object);

          expect(JSON.parse(JSON.stringify(answered))).toEqual(JSON.parse(JSON.stringify({ ...expected, id: body["id"] })));
          expect(ours.seen).toEqual(theirs.seen);
        },
      ),
      { numRuns: 200 },
    );

    expect(plain).toBeGreaterThan(20);
  });

  const meta = ["params", "_meta"];
  it.each<{ name: string; change: readonly string[]; to: unknown; isPlain: boolean }>([
    {
      name: "of a client that can be asked",
      change: [...meta, "io.modelcontextprotocol/clientCapabilities"],
      to: { elicitation: {} },
      isPlain: true,
    },
    {
      name: "of a client that does not name itself",
      change: [...meta, "io.modelcontextprotocol/clientInfo"],
      to: undefined,
      isPlain: true,
    },
    { name: "without arguments", change: ["params", "arguments"], to: undefined, isPlain: true },
    {
      name: "with an argument that is taken for a prototype",
      change: ["params", "arguments"],
      to: JSON.parse('{"__proto__":1}'),
      isPlain: false,
    },
    { name: "that wants to hear of progress", change: [...meta, "progressToken"], to: 1, isPlain: false },
    { name: "that brings an answer", change: ["params", "inputResponses"], to: {}, isPlain: false },
    { name: "that brings a state", change: ["params", "requestState"], to: "sealed", isPlain: false },
    { name: "of another revision", change: [...meta, "io.modelcontextprotocol/protocolVersion"], to: "2027-01-01", isPlain: false },
    { name: "without an id", change: ["id"], to: undefined, isPlain: false },
    {
      name: "of capabilities that are none",
      change: [...meta, "io.modelcontextprotocol/clientCapabilities"],
      to: { sampling: 1 },
      isPlain: false,
    },
  ])("$name: $isPlain", ({ change, to, isPlain }) => {
    const body = JSON.parse(JSON.stringify(changed(call(), change, to))) as unknown;

    expect(createPlainCalls().in2026(body, new Headers(headers())) !== undefined).toBe(isPlain);
  });

  it("is not one whose client speaks of itself in more depth than can be written", () => {
    const depth = 100_000;
    const deep = JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`) as unknown;

    expect(createPlainCalls().in2026(changed(call(), [...meta, "io.modelcontextprotocol/clientInfo", "deep"], deep))).toBeUndefined();
  });

  it("is not what its headers do not say", () => {
    const other = new Headers({ ...headers(), "mcp-name": "other" });

    expect(createPlainCalls().in2026(call(), other)).toBeUndefined();
  });

  it.each(["legacy", "modern"] as const)("that was cancelled was not given, where cancelling is said: %s", async (era) => {
    const stop = new Ending();
    const settled: boolean[] = [];
    const told: ((left: boolean) => void)[] = [];
    const face = faceWith({ act: () => said("mail", { settle: (given) => settled.push(given) }) });
    const answer = answersPlainly(face, { ...PLAIN, whenSent: (_request, tell) => void told.push(tell) });

    await answer({ id: 1, tool: "act", args: {} }, { clientName: undefined, capabilities: {} }, { era, visit: {} }, stop);
    stop.end();
    for (const tell of told) tell(true);

    expect(settled).toEqual([era === "modern"]);
  });

  it("leaves a question to the SDK, and what the tool would have told is not given", async () => {
    const settled: boolean[] = [];
    const face = faceWith({ act: () => said("", { asks: QUESTION, settle: (given) => settled.push(given) }) });
    const client = { clientName: "host", capabilities: { elicitation: {} } };

    const call = { id: 1, tool: "act", args: {} };
    const answered = await answersPlainly(face, PLAIN)(call, client, { era: "modern", visit: {} }, ENDS);

    expect([answered, settled]).toEqual([undefined, [false]]);
  });
});
