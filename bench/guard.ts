/** How long the guard holds up an edit, from the start of its script to its answer: against a Node that does nothing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { launcher, PROJECT } from "../smoke/support/program.ts";
import { storeFolder } from "../smoke/support/sidecar.ts";
import { type Bench, type Measured, type Measurement, mustBe } from "./measurement.ts";
import { compare, oneByOne } from "./method.ts";
import { type Place, timeNothing } from "./support/bridge-start.ts";
import { startSidecar } from "./support/peers.ts";
import { joinSession, message } from "./support/talker.ts";

const SCRIPT = join(PROJECT, "dist", "bin", "signalbox-guard.sh");

/** Starts of a process in one block. */
const STARTS = 10;

interface Edit {
  readonly place: Place;
  readonly store: string;
  readonly hook: string;
}

/** Milliseconds until the guard has ended. @throws WrongResult when the edit is not denied */
async function timeGuard({ place: { cwd, env }, store, hook }: Edit): Promise<number> {
  const began = performance.now();
  const child = spawn(SCRIPT, ["--store", store, "--", process.execPath, launcher("signalbox")], {
    cwd,
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (bytes: Buffer) => (said += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  child.stdin.end(hook);
  await once(child, "close");
  const took = performance.now() - began;
  mustBe(said.includes('"permissionDecision":"deny"'), `the guard let an edit of a held file pass: ${said}`);
  return took;
}

async function measure(bench: Bench): Promise<Measured> {
  await using sidecar = await startSidecar(bench, "guard");
  await using bo = await joinSession(sidecar.uri, "bo");
  const scope = { kind: "file_set", resources: ["src/app.ts"] };
  await bo.ask(message("INTENT_ANNOUNCE", "bo", { intent_id: "held", objective: "Rewrite it", scope, ttl_sec: 3_600 }));
  const hook = JSON.stringify({
    session_id: "bench",
    cwd: sidecar.repository,
    hook_event_name: "PreToolUse",
    tool_name: "Edit",
    tool_input: { file_path: join(sidecar.repository, "src", "app.ts"), old_string: "42", new_string: "43" },
  });
  const place = { cwd: sidecar.repository, env: bench.env };
  const edit: Edit = { place, store: await storeFolder(bench.scratch, sidecar.repository), hook };
  const sides = { limit: () => timeNothing(place), candidate: () => timeGuard(edit) };
  const comparison = await compare(oneByOne(sides, STARTS), bench.blocks);
  return { kind: "comparison", unit: "ms", comparison, notes: [`an edit that is denied, ${STARTS} a block`] };
}

export const guard: Measurement = {
  name: "guard",
  what: "guard before an edit, end to end",
  against: "`node -e 0`",
  goal: { below: 1 },
  missing: () => (existsSync(SCRIPT) ? undefined : "this build has no guard"),
  measure,
};
