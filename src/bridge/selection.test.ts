import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REGISTRY, selectTools } from "../tools/registry.ts";
import { readOptions } from "./options.ts";
import { profiles, renderedTools } from "./rendered.ts";
import { selectRendered } from "./selection.ts";

const names = REGISTRY.map(({ name }) => name);
const someOf = (known: readonly string[]) => {
  const some = fc.oneof({ weight: 5, arbitrary: fc.subarray([...known]) }, { weight: 1, arbitrary: fc.subarray([...known, "stranger"]) });
  return fc.option(some, { nil: undefined });
};

it("selects what the registry itself would", () => {
  const anySelection = fc.record({ profile: someOf(profiles), tools: someOf(names), excludeTools: someOf(names), readOnly: fc.boolean() });
  fc.assert(
    fc.property(anySelection, (chosen) => {
      const selection = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
      const own = selectTools(selection);

      const rendered = selectRendered({ profiles, renderedTools }, selection);

      expect("tools" in rendered ? rendered.tools.map(({ name }) => name) : rendered).toEqual(
        "tools" in own ? own.tools.map(({ name }) => name) : own,
      );
    }),
    { numRuns: 200 },
  );
});

describe("the command line", () => {
  const none = { workspace: undefined, selection: { readOnly: false } };

  it.each([
    { args: [], gives: none },
    { args: ["--workspace", "/w"], gives: { ...none, workspace: "/w" } },
    { args: ["--workspace=/w", "--read-only"], gives: { workspace: "/w", selection: { readOnly: true } } },
    {
      args: ["--profile", "core", "--tools", "a, b", "--tools=c"],
      gives: { ...none, selection: { profile: ["core"], tools: ["a", "b", "c"], readOnly: false } },
    },
    { args: ["--exclude-tools", "a"], gives: { ...none, selection: { excludeTools: ["a"], readOnly: false } } },
  ])("$args", ({ args, gives }) => {
    expect(readOptions(args)).toEqual(gives);
  });

  it.each([[["--help"]], [["--read-only", "-h"]]])("%j asks for the options there are", (args) => {
    const read = readOptions(args);

    const help = "help" in read ? read.help : "";
    for (const option of ["--workspace", "--profile", "--tools", "--exclude-tools", "--read-only"]) expect(help).toContain(`  ${option} `);
  });

  it.each([[["--channel"]], [["--workspace"]], [["stray"]], [["--read-only=yes"]]])("%j is refused with the options there are", (args) => {
    expect(readOptions(args)).toEqual({ refused: expect.stringMatching(/; the options are --workspace DIR.*--read-only$/) as string });
  });
});
