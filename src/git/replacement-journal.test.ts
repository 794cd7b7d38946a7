import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { IntentId, OpId } from "../wire/ids.ts";
import { EMPTY_REF } from "../wire/references.ts";
import { refOf } from "./file-state.ts";
import type { Prepared } from "./prepared-change.ts";
import { prepareReplacement, resumeReplacement } from "./replace-file.ts";
import { type Pending, pendingReplacements } from "./replacement-journal.ts";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";

let scratch: Scratch;
let root: string;
let gitDir: string;
let folder: string;

beforeEach(async () => {
  scratch = await scratchFolder();
  root = await scratch.repository("repo");
  gitDir = join(root, ".git");
  folder = join(gitDir, "signalbox-pending");
});

afterEach(async () => {
  await scratch[Symbol.asyncDispose]();
});

const ref = (text: string) => refOf(Buffer.from(text));
const status = () => scratch.git(root, "status", "--porcelain", "-uall");

/** Prepares a change and leaves its note as a process would that has ended since. */
async function leave(path: string, content: string | null, stateRefBefore: string, opId = "op-1", createdAtMs = 0): Promise<Prepared> {
  const journal = { gitDir, intentId: "intent-1" as IntentId, stateRefBefore, createdAtMs };
  const answer = await prepareReplacement({ root, path, content, opId: opId as OpId, journal });
  if (!answer.ok) throw new Error(answer.why);
  for (const note of await readdir(folder)) {
    const ended = note.replace(/claimed-\d+-/, `claimed-${endedPid()}-`);
    await rename(join(folder, note), join(folder, ended));
  }
  return answer.prepared;
}

/** The pid of a process that ran and ended. */
function endedPid(): number {
  return Number(execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }));
}

async function onlyPending(): Promise<Pending> {
  const { pending, setAside } = await pendingReplacements(gitDir);
  expect(setAside).toEqual([]);
  expect(pending).toHaveLength(1);
  return pending[0] as Pending;
}

async function resume(pending: Pending): Promise<Prepared> {
  const answer = await resumeReplacement(root, pending);
  if (!answer.ok) throw new Error(answer.why);
  return answer.prepared;
}

describe("a change that a process left when it ended", () => {
  it("is finished by the next one", async () => {
    await writeFile(join(root, "a.ts"), "old");
    await leave("a.ts", "new", ref("old"));

    const pending = await onlyPending();
    const prepared = await resume(pending);

    expect(pending.entry).toMatchObject({ op_id: "op-1", intent_id: "intent-1", target: "a.ts", created_at: "1970-01-01T00:00:00.000Z" });
    expect(await prepared.apply(pending.entry.state_ref_before)).toEqual({ outcome: "applied", stateRefAfter: ref("new") });
    expect(await readFile(join(root, "a.ts"), "utf8")).toBe("new");
    expect(await status()).toBe("?? a.ts");
    expect(await readdir(folder)).toEqual([]);
  });

  it("is withdrawn by the next one, with the directories that were made for it", async () => {
    await leave("one/two/a.ts", "new", EMPTY_REF);

    await (await resume(await onlyPending())).abandon();

    expect(await readdir(root)).toEqual([".git"]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("counts as applied when that process had renamed, linked or deleted already", async () => {
    await writeFile(join(root, "a.ts"), "old");
    const renamed = await leave("a.ts", "new", ref("old"));
    await rename(join(root, renamed.waitsAt ?? ""), join(root, "a.ts"));
    expect(await (await resume(await onlyPending())).apply(ref("old"))).toMatchObject({ outcome: "applied" });

    const linked = await leave("b.ts", "new", EMPTY_REF);
    execFileSync("ln", [join(root, linked.waitsAt ?? ""), join(root, "b.ts")]);
    expect(await (await resume(await onlyPending())).apply(EMPTY_REF)).toMatchObject({ outcome: "applied" });

    await leave("b.ts", null, ref("new"));
    await rm(join(root, "b.ts"));
    expect(await (await resume(await onlyPending())).apply(ref("new"))).toEqual({ outcome: "applied", stateRefAfter: EMPTY_REF });

    expect(await status()).toBe("?? a.ts");
  });

  it("does not overwrite what changed since, and says so again after another crash", async () => {
    await writeFile(join(root, "a.ts"), "old");
    const { waitsAt } = await leave("a.ts", "new", ref("old"));
    await writeFile(join(root, "a.ts"), "by bo");

    const answer = { outcome: "changed", currentRef: ref("by bo"), keptAt: waitsAt };
    const first = await resume(await onlyPending());
    expect(await first.apply(ref("old"))).toEqual(answer);
    for (const note of await readdir(folder)) await rename(join(folder, note), join(folder, note.slice(0, 21))); // as if ended here
    const second = await resume(await onlyPending());
    expect(await second.apply(ref("old"))).toEqual(answer);
    await second.withdrawn();

    expect(await readdir(folder)).toEqual([]);
    expect(await readFile(join(root, waitsAt ?? ""), "utf8")).toBe("new");
  });

  it("is lost when it ended before the content was whole, and then leaves nothing", async () => {
    await writeFile(join(root, "a.ts"), "old");
    const { waitsAt } = await leave("a.ts", "new", ref("old"));
    await writeFile(join(root, waitsAt ?? ""), "ne");

    const prepared = await resume(await onlyPending());

    expect(await prepared.apply(ref("old"))).toEqual({ outcome: "lost", currentRef: ref("old") });
    expect(await status()).toBe("?? a.ts");
  });

  it("is taken over by exactly one of many", async () => {
    await leave("a.ts", "new", EMPTY_REF);
    const pending = await onlyPending();

    const answers = await Promise.all(Array.from({ length: 8 }, () => resumeReplacement(root, pending)));

    expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
    expect((await pendingReplacements(gitDir)).pending).toEqual([]); // its new owner lives
  });

  it.skipIf(process.platform !== "linux")("is known by the start of that process when its pid was given again", async () => {
    await leave("a.ts", "new", EMPTY_REF);
    const [note = ""] = await readdir(folder);
    await rename(join(folder, note), join(folder, note.replace(/claimed-\d+-\d+/, `claimed-${process.pid}-1`)));

    expect((await onlyPending()).entry.target).toBe("a.ts");
  });

  it("comes oldest first", async () => {
    const seconds = [5, 1, 4, 2, 6, 3];
    for (const second of seconds) await leave(`${second}.ts`, "new", EMPTY_REF, `op-${second}`, second * 1_000);

    expect((await pendingReplacements(gitDir)).pending.map(({ entry }) => entry.op_id)).toEqual([
      "op-1",
      "op-2",
      "op-3",
      "op-4",
      "op-5",
      "op-6",
    ]);
  });
});

describe("a note", () => {
  it("that cannot be read is moved aside and named, and does not hide the others", async () => {
    await leave("a.ts", "new", EMPTY_REF);
    const [whole = ""] = await readdir(folder);
    const text = await readFile(join(folder, whole), "utf8");
    await writeFile(join(folder, `${"0".repeat(16)}.json`), text.slice(0, 40));
    await writeFile(join(folder, `${"1".repeat(16)}.json`), '{"op_id":"op-1"}');
    await writeFile(join(folder, `${"2".repeat(16)}.json`), text); // of another operation than its name says
    await writeFile(join(folder, ".draft.new"), "");

    const { pending, setAside } = await pendingReplacements(gitDir);

    expect(pending).toHaveLength(1);
    expect(new Set(setAside)).toEqual(new Set(["0", "1", "2"].map((digit) => join(folder, `${digit.repeat(16)}.json.broken`))));
    expect(await pendingReplacements(gitDir)).toMatchObject({ setAside: [] });
  });

  it("that names a file outside as its temporary one touches nothing there", async () => {
    await leave("a.ts", "new", EMPTY_REF);
    const pending = await onlyPending();
    await writeFile(join(root, "b.ts"), "of ana");
    const hostile = (temp: string): Pending => ({ ...pending, entry: { ...pending.entry, temp } });

    const prepared = await resume(hostile("b.ts"));
    await prepared.abandon();

    expect(await readFile(join(root, "b.ts"), "utf8")).toBe("of ana");
  });

  it("is nobody's where there is no folder yet", async () => {
    expect(await pendingReplacements(join(scratch.folder, "none"))).toEqual({ pending: [], setAside: [] });
  });
});

it("belongs to its process while that lives, and to the next one when it was killed", async () => {
  await writeFile(join(root, "a.ts"), "old");
  const journal = { gitDir, intentId: "intent-1", stateRefBefore: ref("old"), createdAtMs: 0 };
  const bridge: ChildProcess = spawn(
    process.execPath,
    [
      "--import",
      "tsx",
      "--input-type=module",
      "-e",
      `import { prepareReplacement } from ${JSON.stringify(new URL("replace-file.ts", import.meta.url))};
       const answer = await prepareReplacement(${JSON.stringify({ root, path: "a.ts", content: "new", opId: "op-1", journal })});
       process.stdout.write(answer.ok ? "prepared" : answer.why);
       process.stdin.resume();`,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const exited = once(bridge, "exit");
  const [printed] = (await once(bridge.stdout ?? process.stdin, "data")) as [Buffer];
  expect(printed.toString()).toBe("prepared");
  expect(await pendingReplacements(gitDir)).toEqual({ pending: [], setAside: [] });

  bridge.kill("SIGKILL");
  await exited;

  expect(await (await resume(await onlyPending())).apply(ref("old"))).toMatchObject({ outcome: "applied" });
  expect(await readFile(join(root, "a.ts"), "utf8")).toBe("new");
});
