import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Framed, messagesIn } from "./framing.ts";

/** Cut into chunks of that many bytes. */
async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(text: string | Buffer, size = 65_536): Promise<Framed[]> {
  const messages: Framed[] = [];
  for await (const message of messagesIn(chunksOf(Buffer.from(text), size))) messages.push(message);
  return messages;
}

const headed = (text: string): string => `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;

describe("messages of a host", () => {
  it.each([
    { name: "a line each", text: '{"a":1}\n{"b":2}\n', gives: ['{"a":1}', '{"b":2}'] },
    { name: "the last without an end", text: '{"a":1}\n{"b":2}', gives: ['{"a":1}', '{"b":2}'] },
    { name: "lines as Windows ends them", text: '{"a":1}\r\n\r\n{"b":2}\r\n', gives: ['{"a":1}', '{"b":2}'] },
    { name: "behind headers", text: `${headed('{"a":"é"}')}${headed("{}")}`, gives: ['{"a":"é"}', "{}"] },
    { name: "behind more headers", text: `Content-Type: x\r\ncontent-LENGTH : 2\r\n\r\n{}`, gives: ["{}"] },
    { name: "either way in turn", text: `{}\n${headed("[\n]")}\n{"a":1}\n`, gives: ["{}", "[\n]", '{"a":1}'] },
    { name: "a body that ends early", text: "Content-Length: 10\r\n\r\n{}", gives: ["{}"] },
    { name: "behind headers in small letters", text: "content-length: 2\r\n\r\n{}", gives: ["{}"] },
    { name: "behind a word that is no header", text: 'Connected\n{"a":1}\n{"b":2}\n', gives: ["Connected", '{"a":1}', '{"b":2}'] },
    { name: "nothing", text: "\n\n", gives: [] },
  ])("$name", async ({ text, gives }) => {
    expect(await read(text)).toEqual(gives.map((one) => ({ text: one })));
  });

  it("are the same however the bytes come", async () => {
    const anyMessage = fc.json().filter((json) => !json.includes("C"));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anyMessage, fc.boolean())), fc.integer({ min: 1, max: 50 }), async (messages, size) => {
        const text = messages.map(([json, isHeaded]) => (isHeaded ? headed(json) : `${json}\n`)).join("");

        expect(await read(text, size)).toEqual(messages.map(([json]) => ({ text: json })));
      }),
    );
  });
});

describe("what cannot be read is told, and the next message is read", () => {
  const large = "x".repeat(8 * 1024 * 1024 + 1);

  it.each([
    { name: "a line that is too long", text: `${large}\n` },
    { name: "a body that is too long", text: headed(large) },
    { name: "a header without a length", text: "Content-Type: x\r\n\r\n" },
    { name: "a length that is none", text: "Content-Length: -1\r\n\r\n" },
  ])("$name", async ({ text }) => {
    const [first, ...rest] = await read(`${text}{}\n`);

    expect(first).toHaveProperty("refused");
    expect(rest).toEqual([{ text: "{}" }]);
  });

  it("a header that nothing follows", async () => {
    expect(await read("Content-Type: x")).toEqual([{ refused: "a header without Content-Length" }]);
  });
});
