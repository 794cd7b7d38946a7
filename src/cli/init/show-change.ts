/** What a change does to a file, as a unified diff: the form that people know from git. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { Paint } from "../terminal.ts";
import type { Change } from "./plan.ts";

export function diffOf({ name, before, after }: Change): string {
  const [from, to] = [before === undefined ? "/dev/null" : `a/${name}`, after === undefined ? "/dev/null" : `b/${name}`];
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY };
  return createTwoFilesPatch(from, to, before ?? "", after ?? "", undefined, undefined, options).trimEnd();
}

export function painted(diff: string, paint: Paint): string {
  return diff
    .split("\n")
    .map((line) => {
      if (line.startsWith("---") || line.startsWith("+++")) return paint("bold", line);
      if (line.startsWith("@@")) return paint("dim", line);
      if (line.startsWith("+")) return paint("green", line);
      return line.startsWith("-") ? paint("red", line) : line;
    })
    .join("\n");
}
