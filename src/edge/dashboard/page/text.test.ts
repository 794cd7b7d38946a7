import { describe, expect, it } from "vitest";
import { counted, folderName, sentence, visible } from "./text.ts";

describe("other people's text", () => {
  it.each([
    ["plain text", "plain text"],
    ["two\r\nlines\tand a tab", "two\nlines\tand a tab"],
    ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
    ["exe.\u202Egnp", "exe.‹U+202E›gnp"],
    ["\u2066a\u2069", "‹U+2066›a‹U+2069›"],
    ["a\u200Bb\u00ADc\uFEFF", "a‹U+200B›b‹U+00AD›c‹U+FEFF›"],
    ["\u001B[31mred\u0007", "‹U+001B›[31mred‹U+0007›"],
    ["line\u2028end", "line‹U+2028›end"],
    ["שלום ä 漢 👩‍💻", "שלום ä 漢 👩‍💻"],
  ])("%j shows as %j", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });
});

it.each([
  ["/home/ana/payments", "payments"],
  ["C:\\work\\payments\\", "payments"],
  ["payments", "payments"],
  ["/", ""],
  ["", ""],
])("the last folder of %j is %j", (path, name) => {
  expect(folderName(path)).toBe(name);
});

it("counts one and many", () => {
  expect([counted(1, "file"), counted(2, "file"), counted(0, "message needs", "messages need")]).toEqual([
    "1 file",
    "2 files",
    "0 messages need",
  ]);
});

it.each([
  ["this link was used", "This link was used."],
  ["The page could not start. ", "The page could not start."],
  ["", ""],
])("says %j as %j", (clause, said) => {
  expect(sentence(clause)).toBe(said);
});
