import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { VERSION } from "../version.ts";

/** Runs a launcher from source, as a process of its own. */
async function launch(name: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const said = await promisify(execFile)(process.execPath, ["--import", "tsx", `bin/${name}.ts`, ...args]);
    return { code: 0, ...said };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

it("says its version on stdout and nothing on stderr", async () => {
  expect(await launch("signalbox", "--version")).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: "" });
});

it("lists its commands", async () => {
  expect((await launch("signalbox", "--help")).stdout).toContain("mcp");
});

it("refuses a command that it does not know, on stderr", async () => {
  const said = await launch("signalbox", "derail");

  expect(said).toMatchObject({ code: 1, stdout: "" });
  expect(said.stderr).toContain("derail");
});
