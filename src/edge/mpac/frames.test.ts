import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { readFrame } from "./frames.ts";

const envelope = (type: string, payload: object, more: object = {}) =>
  JSON.stringify({ message_type: type, message_id: "m-1", sender: { principal_id: "ana" }, payload, ...more });

describe("a frame", () => {
  it.each([
    { name: "that is no JSON", text: "nonsense", why: "is not JSON" },
    { name: "that is an array", text: "[]", why: "one JSON object" },
    { name: "that is a number", text: "7", why: "one JSON object" },
    { name: "that is null", text: "null", why: "one JSON object" },
    { name: "without a type", text: "{}", why: "message_type" },
    { name: "whose message_type is a number", text: JSON.stringify({ message_type: 7 }), why: "message_type is a text" },
    { name: "with half a surrogate pair", text: '{"message_type":"HELLO","x":"\\ud800"}', why: "not valid Unicode" },
    { name: "with half a surrogate pair in a member's name", text: '{"message_type":"HELLO","\\ud800":1}', why: "not valid Unicode" },
    { name: "nested beyond use", text: `{"message_type":"HELLO","x":${"[".repeat(5000)}${"]".repeat(5000)}}`, why: "nested deeper" },
    {
      name: "without a payload",
      text: JSON.stringify({ message_type: "HELLO", message_id: "m-1", sender: { principal_id: "ana" } }),
      why: "payload",
    },
    { name: "without a sender", text: JSON.stringify({ message_type: "HELLO", message_id: "m-1", payload: {} }), why: "sender" },
    { name: "with a scope without kind", text: envelope("INTENT_ANNOUNCE", { intent_id: "i", scope: {} }), why: "payload.scope.kind" },
    {
      name: "with a time to live that is a text",
      text: envelope("INTENT_UPDATE", { intent_id: "i", ttl_sec: "5" }),
      why: "payload.ttl_sec",
    },
    { name: "that reads a file without saying which", text: JSON.stringify({ type: "FILE_READ" }), why: "FILE_READ: path" },
    {
      name: "that asks nothing we know",
      text: JSON.stringify({ type: "SIGNALBOX_QUERY", query_id: "q", query: { kind: "all" } }),
      why: "SIGNALBOX_QUERY",
    },
  ])("$name is answered with what is wrong", ({ text, why }) => {
    const frame = readFrame(text);

    expect(frame).toMatchObject({ kind: "bad", code: "message/malformed", why: expect.stringContaining(why) });
  });

  it("that is wrong is answered under its own id", () => {
    expect(readFrame(envelope("INTENT_ANNOUNCE", {}))).toMatchObject({ kind: "bad", refersTo: "m-1" });
  });

  it("of a type that nobody knows is let pass without an answer", () => {
    expect(readFrame(envelope("FUTURE_TYPE", {}))).toEqual({ kind: "ignored", type: "FUTURE_TYPE", refersTo: "m-1" });
  });

  it("keeps what it does not know, member for member", () => {
    const text = envelope("INTENT_WITHDRAW", { reason: "yielded", zebra: 1, intent_id: "i" }, { trace_id: "t" });

    const frame = readFrame(text);

    expect(frame.kind === "message" ? JSON.stringify(frame.message) : frame).toBe(text);
  });

  it.each([
    { name: "a role of its own invention", text: envelope("HELLO", { roles: ["participant"] }) },
    {
      name: "null where nothing is meant",
      text: envelope("OP_COMMIT", { op_id: "o", target: "a", state_ref_before: null, intent_id: null }),
    },
    {
      name: "a fraction of a second",
      text: envelope("INTENT_ANNOUNCE", { intent_id: "i", scope: { kind: "file_set", resources: [] }, ttl_sec: 0.5 }),
    },
    { name: "a reason that no list has", text: envelope("GOODBYE", { reason: "completed" }) },
    { name: "a backend without its model, which decides about nobody's joining", text: envelope("HELLO", { backend: { provider: "p" } }) },
    {
      name: "null for a Lamport value that it has not",
      text: envelope("HELLO", {}, { watermark: { kind: "opaque", value: "w", lamport_value: null } }),
    },
  ])("of a real client may hold $name", ({ text }) => {
    expect(readFrame(text)).toMatchObject({ kind: "message" });
  });

  it("never throws, whatever it holds", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.jsonValue().map((payload) => envelope("HELLO", { payload })),
        ),
        (text) => {
          expect(readFrame(text)).toHaveProperty("kind");
        },
      ),
    );
  });
});

describe("a shape that many messages had", () => {
  const scope = { kind: "file_set", resources: ["a.ts"] };
  const wellFormed = { intent_id: "i", objective: "o", scope, ttl_sec: 5, extensions: { signalbox: { fence: 1 } } };
  const anyFlaw = fc.oneof(
    fc
      .constantFrom(...Object.keys(wellFormed), "priority", "expiry_ms")
      .chain((name) => fc.jsonValue().map((value) => ({ [name]: value }))),
    fc.jsonValue().map((value) => ({ scope: { ...scope, resources: value } })),
    fc.jsonValue().map((value) => ({ extensions: { signalbox: { fence: value, host: value } } })),
    fc.dictionary(fc.string(), fc.jsonValue()),
  );

  it("is judged as that of the first is, in the same words", () => {
    const texts = fc
      .sample(anyFlaw, 300)
      .map((flaw) => envelope("INTENT_ANNOUNCE", { ...wellFormed, ...flaw }, { watermark: { kind: "lamport_clock", value: flaw } }));
    const first = texts.map(readFrame);
    for (let message = 0; message < 1_000; message += 1) readFrame(envelope("INTENT_ANNOUNCE", wellFormed));

    expect(texts.map(readFrame)).toEqual(first);
    expect(new Set(first.map(({ kind }) => kind))).toEqual(new Set(["message", "bad"]));
  });
});
