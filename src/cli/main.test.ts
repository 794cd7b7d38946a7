import { describe, expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { REGISTRY } from "../tools/registry.ts";
import { VERSION } from "../version.ts";
import { signalbox } from "./program.test.fixture.ts";

it("says its version on stdout and nothing on stderr", async () => {
  await using scratch = await scratchFolder();

  expect(await signalbox(scratch, "--version")).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: "" });
});

it("lists its commands", async () => {
  await using scratch = await scratchFolder();

  const { code, stdout } = await signalbox(scratch, "--help");

  expect(code).toBe(0);
  for (const name of [
    "demo",
    "init",
    "mcp",
    "sidecar",
    "status",
    "claim",
    "claim",
    "stop",
    "doctor",
    "store",
    "audit",
    "transcript",
    "hook",
    "tools",
  ])
    expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
});

it("shows the options of a command that help is asked for", async () => {
  await using scratch = await scratchFolder();

  expect((await signalbox(scratch, "help", "sidecar")).stdout).toContain("--no-race-lock");
});

it("shows the options of the bridge, and where they are when help is asked about it", async () => {
  await using scratch = await scratchFolder();

  const own = await signalbox(scratch, "mcp", "--help");
  const about = await signalbox(scratch, "help", "mcp");

  expect([own.code, own.stderr, about.code, about.stderr]).toEqual([0, "", 0, ""]);
  expect(own.stdout).toMatch(/^Usage: signalbox mcp [^]*--exclude-tools <names>/);
  expect(about.stdout).toContain("`signalbox mcp --help` lists its options.");
});

describe("a command line that cannot be used", () => {
  it.each([
    { name: "an unknown command", args: ["derail"], says: "derail" },
    { name: "an unknown option", args: ["status", "--loud"], says: "--loud" },
    { name: "a group without its command", args: ["store"], says: "set-aside" },
    { name: "an option of the bridge that there is not", args: ["mcp", "--channel"], says: "--channel" },
    { name: "a profile that there is not", args: ["tools", "--profile", "derail"], says: "derail" },
  ])("with $name ends with code 2 and says so on stderr", async ({ args, says }) => {
    await using scratch = await scratchFolder();

    const said = await signalbox(scratch, ...args);

    expect(said).toMatchObject({ code: 2, stdout: "" });
    expect(said.stderr).toContain(says);
    expect(said.stderr).not.toMatch(/^ +at /m);
  });
});

it("tells a fault as a document when JSON was asked for", async () => {
  await using scratch = await scratchFolder();

  const said = await signalbox(scratch, "status", "--json", "--workspace", `${scratch.folder}/nowhere`);

  expect(said).toMatchObject({ code: 3, stderr: "" });
  expect(JSON.parse(said.stdout)).toEqual({
    error: { code: "workspace/no-folder", message: expect.stringContaining("nowhere") as string },
  });
});

it("lists the tools of the registry, where no repository is", async () => {
  await using scratch = await scratchFolder();
  const of = (...profiles: string[]) => REGISTRY.filter(({ profile }) => profiles.includes(profile)).map(({ name }) => name);

  const lines = await signalbox(scratch, "tools");
  const json = await signalbox(scratch, "tools", "--profile", "core", "--json");

  expect(lines).toEqual({
    code: 0,
    stdout: of("core", "lanes")
      .map((name) => `${name}\n`)
      .join(""),
    stderr: "",
  });
  expect((JSON.parse(json.stdout) as { tools: { name: string }[] }).tools.map(({ name }) => name)).toEqual(of("core"));
});
