import { describe, expect, it } from "vitest";
import { readOptions } from "./options.ts";

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
