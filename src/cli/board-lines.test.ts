import { expect, it } from "vitest";
import { boardLines } from "./board-lines.ts";

const plainly = (_style: unknown, text: string): string => text;

it.each([
  { name: "there is none", page: { messages: [] }, says: ["No message."] },
  {
    name: "none was found so far",
    page: { messages: [], before: "5001" },
    says: ["No message so far.", "", "older ones: --before 5001"],
  },
])("says that $name", ({ page, says }) => {
  expect(boardLines(page, 0, plainly)).toEqual(says);
});
