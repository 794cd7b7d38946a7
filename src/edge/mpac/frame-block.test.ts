import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFrameBlock, joined } from "./frame-block.ts";

const texts = (frames: readonly Buffer[]): string[] => frames.map((frame) => frame.toString());

describe("frames of one block", () => {
  it("are one piece that is not copied", () => {
    const keep = createFrameBlock();
    const frames = ["one", "two", "three"].map((text) => keep(Buffer.from(text)));

    const all = joined(frames);

    expect(all.toString()).toBe("onetwothree");
    expect(all.buffer).toBe(frames[0]?.buffer);
    expect(all.byteOffset).toBe(frames[0]?.byteOffset);
  });

  it("stay what they were when the block is full, however many come behind them", () => {
    const keep = createFrameBlock();
    const said = Array.from({ length: 300 }, (_, number) => `${number}`.padEnd(1_000, "."));

    const frames = said.map((text) => keep(Buffer.from(text)));

    expect(texts(frames)).toEqual(said);
    expect(new Set(frames.map(({ buffer }) => buffer)).size).toBe(5);
  });

  it("are not copied into it when they are long", () => {
    const long = Buffer.alloc(8_193);

    expect(createFrameBlock()(long)).toBe(long);
  });
});

it("whatever is joined is what its frames say, in their order", () => {
  const piece = fc.record({ text: fc.string({ maxLength: 20 }), where: fc.constantFrom("block", "other", "own", "left out") });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1 }), (pieces) => {
      const blocks = { block: createFrameBlock(), other: createFrameBlock() };
      const made = pieces.map(({ text, where }) => {
        const frame = Buffer.from(text);
        if (where === "own") return frame;
        return where === "other" ? blocks.other(frame) : blocks.block(frame);
      });
      const sent = made.filter((_, index) => pieces[index]?.where !== "left out");

      expect(sent.length === 0 ? "" : joined(sent).toString()).toBe(texts(sent).join(""));
    }),
  );
});
