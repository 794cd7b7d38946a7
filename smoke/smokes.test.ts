/** Each smoke as a test, as a person runs it: a process that prints a line a step and leaves nothing behind. */
import { mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processesUnder, startNode } from "./support/processes.ts";
import { PROJECT } from "./support/program.ts";
import { scratchFolder } from "./support/scratch.ts";
import { carrySmoke } from "./support/steps.ts";

/** Name, and how many steps it has at least: a smoke that stops asking fails here. */
const SMOKES = [
  ["milestone0", 11],
  ["tools", 13],
  ["commit", 14],
  ["launchers", 5],
  ["governance", 11],
  ["takeover", 7],
  ["recovery", 8],
  ["hosted", 15],
  ["lanes", 14],
  ["bus-http", 11],
  ["day", 18],
  ["peers", 13],
] as const;

let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "signalbox-smokes-")));
  await mkdir(join(folder, "tmp"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function runSmoke(name: string, ...args: string[]): Promise<{ code: number | null; lines: readonly string[] }> {
  const env = { ...process.env, TMPDIR: join(folder, "tmp") };
  await using program = startNode(["--import", "tsx", join("smoke", `${name}.ts`), ...args], { cwd: PROJECT, env });
  const { code } = await program.exited;
  return { code, lines: [...program.stdout.all, ...program.stderr.all] };
}

/** Folders of ours; the compiler that runs the smokes keeps one of its own. */
const leftBehind = async (): Promise<string[]> => (await readdir(join(folder, "tmp"))).filter((name) => name.startsWith("signalbox"));

describe("the smoke", () => {
  it.each(SMOKES)("%s holds, step by step, and leaves nothing behind", async (name, steps) => {
    await using scratch = await scratchFolder();
    const workspace = await scratch.repository("workspace");

    const { code, lines } = await runSmoke(name, "--workspace", workspace);

    expect(lines.filter((line) => !/^(ok +\d+ |  )/.test(line))).toEqual([]);
    expect(code).toBe(0);
    expect(lines.filter((line) => line.startsWith("ok")).length).toBeGreaterThanOrEqual(steps);
    expect(await leftBehind()).toEqual([]);
    expect(await processesUnder(join(folder, "tmp"))).toEqual([]);
  });

  it("of a folder that is no repository fails, and leaves nothing behind", async () => {
    const { code, lines } = await runSmoke("milestone0", "--workspace", folder);

    expect(code).toBe(1);
    expect(lines.join("\n")).toMatch(/not a git repository/);
    expect(await leftBehind()).toEqual([]);
  });
});

describe("a step that does not hold", () => {
  it("ends its smoke with what was expected and what was seen, after everything was closed", async () => {
    const said: string[] = [];
    const closed: string[] = [];
    const { equal } = await import("node:assert/strict");

    const code = await carrySmoke(
      async (smoke) => {
        for (const name of ["one", "two"]) smoke.own({ [Symbol.asyncDispose]: () => Promise.resolve(void closed.push(name)) });
        await smoke.step("the first holds", () => undefined);
        await smoke.step("the second does not", () => equal("STALE", "OK", "the status"));
        await smoke.step("the third is not reached", () => undefined);
      },
      { args: [], print: (line) => said.push(line) },
    );

    expect(code).toBe(1);
    expect(said).toEqual([
      "ok  1  the first holds",
      "not ok  2  the second does not",
      "     the status",
      "     expected: 'OK'",
      "     seen:     'STALE'",
    ]);
    expect(closed).toEqual(["two", "one"]);
  });
});
