import { describe, expect, it } from "vitest";
import { textFrame } from "./text-frame.ts";

/** The bytes before the text, by RFC 6455, section 5.2. */
describe("a text frame says how long it is", () => {
  it.each([
    [0, [0x81, 0]],
    [125, [0x81, 125]],
    [126, [0x81, 126, 0, 126]],
    [65_535, [0x81, 126, 0xff, 0xff]],
    [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ])("of %d bytes", (length, start) => {
    const text = "x".repeat(length);

    expect(textFrame(text).equals(Buffer.concat([Buffer.from(start), Buffer.from(text)]))).toBe(true);
  });
});

it("counts bytes and not characters", () => {
  const text = "ä\u{1f6a6}";

  expect([...textFrame(text)]).toEqual([0x81, 6, ...Buffer.from(text, "utf8")]);
});
