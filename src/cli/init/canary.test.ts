import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { type Scratch, scratchFolder } from "../../git/scratch.test.fixture.ts";
import { healthOf, sidecarHere } from "../program.test.fixture.ts";
import { judge, type Proof } from "./canary.ts";
import type { HookAnswer } from "./run-hook.ts";

const run = promisify(execFile);

const REFUSAL = '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"held"}}';
const DENY = `printf '${REFUSAL}'`;

async function prove(scratch: Scratch, root: string, command: string): Promise<Proof> {
  const fixture = fileURLToPath(new URL("canary.test.fixture.ts", import.meta.url));
  const { stdout } = await run(process.execPath, ["--import", import.meta.resolve("tsx"), fixture, root, command], { env: scratch.env });
  return JSON.parse(stdout) as Proof;
}

/** Denies what is in the repository. The guard asks, this one knows: it stands for the answers. */
const inRepository = (root: string, then: string) => `if grep -q '"file_path":"${root}/\\.signalbox-canary-'; then ${then}; fi`;

it("takes a guard for proved that denies what is held and is silent outside, and stops the sidecar that it started", async () => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("repo");

  expect(await prove(scratch, root, inRepository(root, DENY))).toEqual({ proved: true, reason: "held" });

  expect(await healthOf(scratch, root)).toBeUndefined();
  expect(await readdir(root)).toEqual([".git"]);
});

it("proves the guard of the repository also where clients work at a coordinator elsewhere", async () => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("repo");
  scratch.env["MPAC_COORDINATOR_URL"] = "wss://127.0.0.1:1/session/elsewhere";
  scratch.env["MPAC_COORDINATOR_TOKEN"] = "token";

  expect(await prove(scratch, root, inRepository(root, DENY))).toEqual({ proved: true, reason: "held" });
});

it("runs the hook in the project, with the project's name in its surroundings, and leaves a sidecar that runs as it is", async () => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("repo");
  await using sidecar = await sidecarHere(root);

  const proof = await prove(scratch, root, inRepository(root, `[ "$CLAUDE_PROJECT_DIR" = "$PWD" ] && ${DENY}`));

  expect(proof).toEqual({ proved: true, reason: "held" });
  expect((await healthOf(scratch, root))?.uri).toBe(sidecar.uri);
});

const silent: HookAnswer = { code: 0, stdout: "", stderr: "" };
const denied: HookAnswer = { ...silent, stdout: REFUSAL };

it.each([
  { name: "says nothing", held: silent, found: /was not denied \(exit code 0, and it said nothing\)/ },
  {
    name: "ends with code 1, which blocks nothing",
    held: { ...silent, code: 1, stderr: "no\n" },
    found: /was not denied \(exit code 1, and it said: no\)/,
  },
  { name: "denies and ends with code 1", held: { ...denied, code: 1 }, found: /was not denied \(exit code 1/ },
  { name: "allows", held: { ...silent, stdout: REFUSAL.replace('"deny"', '"allow"') }, found: /was not denied \(exit code 0/ },
  { name: "denies in another form", held: { ...silent, stdout: '{"decision":"deny"}' }, found: /was not denied/ },
  { name: "says more than the document", held: { ...denied, stdout: `${REFUSAL} by the way` }, found: /was not denied/ },
  { name: "takes too long", held: { ...silent, code: null }, found: /was not denied \(it was ended after 5 s/ },
  {
    name: "denies because it could not ask",
    held: { ...denied, stderr: "signalbox: no\n" },
    found: /denied without having asked .*signalbox: no\)/,
  },
  { name: "denies everything", free: denied, found: /outside of the repository was not let through in silence/ },
  {
    name: "lets an edit through with a word",
    free: { ...silent, stderr: "not guarded" },
    found: /not let through in silence .* not guarded/,
  },
])("takes one that $name for not proved", async ({ held = denied, free = silent, found }) => {
  const proof = await judge(held, () => Promise.resolve(free));

  expect(proof).toMatchObject({ proved: false, found: expect.stringMatching(found) as string });
});

it("says what is wrong with the session when nobody can join it", async () => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("repo");
  scratch.env["MPAC_SIDECAR_HOST"] = "example.org";

  expect(await prove(scratch, root, "true")).toMatchObject({ proved: false, todo: expect.stringContaining("doctor") as string });
});
