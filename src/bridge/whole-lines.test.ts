import * as fc from "fast-check";
import { once } from "node:events";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { wholeLines } from "./whole-lines.ts";

const passed = async (pieces: readonly string[], mostBytes = 1_000, takes?: (line: Buffer) => boolean): Promise<string[]> => {
  const source = Readable.from(
    pieces.map((piece) => Buffer.from(piece)),
    { objectMode: false },
  );
  const handed: string[] = [];
  const lines = source.pipe(wholeLines(mostBytes, takes));
  lines.on("data", (chunk: Buffer) => handed.push(chunk.toString("latin1")));
  await once(lines, "end");
  return handed;
};

describe("bytes of a host", () => {
  it.each([
    { name: "one line in pieces", pieces: ["a", "b", "c\n"], handed: ["abc\n"] },
    { name: "lines and the beginning of one", pieces: ["a\nb\nc", "d\n"], handed: ["a\nb\n", "cd\n"] },
    { name: "a line and its end apart", pieces: ["abc", "\n"], handed: ["abc\n"] },
    { name: "what no newline ends", pieces: ["a\n", "b"], handed: ["a\n", "b"] },
    { name: "more than a line may have", pieces: ["aaaa", "bbbb", "cc\n"], handed: ["aaaabbbb", "cc\n"], mostBytes: 7 },
  ])("are handed on line by line: $name", async ({ pieces, handed, mostBytes }) => {
    expect(await passed(pieces, mostBytes)).toEqual(handed);
  });

  it("are not handed on in lines that somebody takes, who is shown each", async () => {
    const shown: string[] = [];
    const takes = (line: Buffer) => {
      shown.push(line.toString());
      return line.includes("b");
    };

    expect(await passed(["a\nb\n\nc", "b\nd\ne"], 1_000, takes)).toEqual(["a\n", "\n", "d\n", "e"]);
    expect(shown).toEqual(["a\n", "b\n", "\n", "cb\n", "d\n"]);
  });

  it("are all handed on, in order, each piece but the last ending a line", async () => {
    const piece = fc.string({ unit: fc.constantFrom("a", "b", "\n"), minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const handed = await passed(pieces);

        expect(handed.join("")).toBe(pieces.join(""));
        expect(handed.slice(0, -1).filter((one) => !one.endsWith("\n"))).toEqual([]);
      }),
    );
  });
});
