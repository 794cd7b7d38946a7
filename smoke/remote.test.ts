/** The smoke of a hosted sidecar behind Caddy as a test, where Caddy is installed. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { whyNoCaddy } from "./support/caddy.ts";
import { processesUnder, startNode } from "./support/processes.ts";
import { PROJECT } from "./support/program.ts";
import { scratchFolder } from "./support/scratch.ts";

it("joins bridges of two people through Caddy, step by step, and leaves nothing behind", async (context) => {
  const why = await whyNoCaddy();
  if (why !== undefined) return context.skip(why);
  await using scratch = await scratchFolder();
  const workspace = await scratch.repository("workspace");
  const args = ["--import", "tsx", join("smoke", "remote.ts"), "--workspace", workspace];
  await using program = startNode(args, { cwd: PROJECT, env: { ...process.env, TMPDIR: scratch.folder } });

  const { code } = await program.exited;

  const lines = [...program.stdout.all, ...program.stderr.all];
  expect(lines.filter((line) => !/^(ok +\d+ |  )/.test(line))).toEqual([]);
  expect(code).toBe(0);
  expect(lines.filter((line) => line.startsWith("ok")).length).toBeGreaterThanOrEqual(11);
  expect(await processesUnder(scratch.folder)).toEqual([]);
});
