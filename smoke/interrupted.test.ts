/** A bridge that is killed in the middle of a submit: the next one of its worktree ends what was begun, and says so. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Bridge, startBridge } from "./support/bridge.ts";
import { refOf } from "./support/coder.ts";
import { holdBack } from "./support/held-proxy.ts";
import { connectMpac, type Members } from "./support/mpac-client.ts";
import { type Scratch, scratchFolder } from "./support/scratch.ts";
import { type StartedSidecar, startSidecarOf } from "./support/sidecar.ts";
import { within } from "./support/wait.ts";

const [BEFORE, AFTER] = ["one\n", "two\n"];
const TARGET = "notes.txt";

let scratch: Scratch;
let repository: string;
let sidecar: StartedSidecar;

beforeEach(async () => {
  scratch = await scratchFolder();
  repository = await scratch.repository("repository", { [TARGET]: BEFORE });
  sidecar = await startSidecarOf(scratch, repository);
});

afterEach(async () => {
  await sidecar[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

/** Submits through a bridge and kills it when its commit, or the answer to it, is on the way. Gives the intent. */
async function killInSubmit(hold: "message" | "answer"): Promise<string> {
  await using proxy = await holdBack(sidecar, "OP_COMMIT", hold);
  await using bridge = startBridge(scratch, repository, { env: { MPAC_SIDECAR_PORT: String(proxy.port) } });
  const begun = await bridge.call("begin_task", { objective: "change the notes", files: [TARGET] });
  const intentId = String(begun["intent_id"]);
  const call = {
    name: "submit_change",
    arguments: { intent_id: intentId, target: TARGET, content: AFTER, state_ref_before: refOf(BEFORE) },
  };
  void bridge.ask("tools/call", call).catch(() => undefined);
  await within("the commit on its way", proxy.held);
  expect(await readFile(join(repository, TARGET), "utf8")).toBe(BEFORE);

  bridge.program.kill("SIGKILL");
  await bridge.program.exited;
  return intentId;
}

/** What the next bridge says first, as notices. */
async function notices(bridge: Bridge): Promise<string> {
  const { notices: said } = await bridge.call("get_file_state", { path: TARGET });
  return ((said ?? []) as string[]).join("\n");
}

/** What the session knows of the intent's operations, in order: state and reference. */
async function operations(bridge: Bridge, intentId: string): Promise<readonly string[]> {
  await bridge.call("who_is_working", {});
  await using onlooker = await connectMpac(sidecar.uri, "onlooker");
  onlooker.sendRaw({ type: "SIGNALBOX_QUERY", query_id: "q", query: { kind: "intent", intent_id: intentId } });
  const answer = await onlooker.frame("an answer", (frame) => frame["query_id"] === "q");
  return (answer["answer"] as { intent: { operations: Members[] } }).intent.operations.map(
    (operation) => `${String(operation["state"])} ${String(operation["state_ref_after"])}`,
  );
}

/** Files of the worktree that git does not know. */
const left = async (): Promise<string[]> => (await readdir(repository)).filter((name) => ![".git", TARGET].includes(name));

it("is as if it never was when its commit had not been recorded", async () => {
  const intentId = await killInSubmit("message");

  await using next = startBridge(scratch, repository);

  expect(await notices(next)).toContain("had not been recorded");
  expect(await readFile(join(repository, TARGET), "utf8")).toBe(BEFORE);
  expect([await operations(next, intentId), await left()]).toEqual([[], []]);
});

it("is put in place when its commit was recorded and the file is as it was", async () => {
  const intentId = await killInSubmit("answer");

  await using next = startBridge(scratch, repository);

  expect(await notices(next)).toContain("is in place now");
  expect(await readFile(join(repository, TARGET), "utf8")).toBe(AFTER);
  expect([await operations(next, intentId), await left()]).toEqual([[`COMMITTED ${refOf(AFTER)}`], []]);
});

it("is taken back when the file has changed since, and its text is kept", async () => {
  const intentId = await killInSubmit("answer");
  await writeFile(join(repository, TARGET), "by hand\n");

  await using next = startBridge(scratch, repository);

  expect(await notices(next)).toMatch(/has been taken back; the text is kept in/);
  expect(await readFile(join(repository, TARGET), "utf8")).toBe("by hand\n");
  expect(await operations(next, intentId)).toEqual([`SUPERSEDED ${refOf(AFTER)}`, `COMMITTED ${refOf("by hand\n")}`]);
  const [kept, ...others] = await left();
  expect(others).toEqual([]);
  expect(await readFile(join(repository, kept ?? ""), "utf8")).toBe(AFTER);
});

it("is tried again on the new sidecar when it is the sidecar that is killed, and happens once", async () => {
  await using bridge = startBridge(scratch, repository);
  const begun = await bridge.call("begin_task", { objective: "change the notes", files: [TARGET] });
  const submitted = bridge.call("submit_change", {
    intent_id: begun["intent_id"],
    target: TARGET,
    content: AFTER,
    state_ref_before: refOf(BEFORE),
  });

  sidecar.program.kill("SIGKILL");

  expect(await submitted).toMatchObject({ status: "success", state_ref_after: refOf(AFTER) });
  expect(await readFile(join(repository, TARGET), "utf8")).toBe(AFTER);
});
