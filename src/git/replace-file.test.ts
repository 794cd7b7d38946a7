import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { IntentId, OpId } from "../wire/ids.ts";
import { EMPTY_REF, shortRef } from "../wire/references.ts";
import { refOf } from "./file-state.ts";
import type { Prepared } from "./prepared-change.ts";
import { prepareReplacement } from "./replace-file.ts";
import { asOrdinaryUser, isRoot, type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { WriteFailed } from "./write-failed.ts";

const opId = "op-1" as OpId;
const run = promisify(execFile);
let scratch: Scratch;
let root: string;
let gitDir: string;

beforeEach(async () => {
  scratch = await scratchFolder();
  root = await scratch.repository("repo");
  gitDir = join(root, ".git");
});

afterEach(async () => {
  await scratch[Symbol.asyncDispose]();
});

const at = (path: string) => join(root, path);
const ref = (text: string) => refOf(Buffer.from(text));
const status = () => scratch.git(root, "status", "--porcelain", "-uall");
const notes = () => readdir(join(gitDir, "signalbox-pending")).catch(() => []);

function ask(path: string, content: string | null, stateRefBefore = EMPTY_REF) {
  const journal = { gitDir, intentId: "intent-1" as IntentId, stateRefBefore, createdAtMs: 0 };
  return prepareReplacement({ root, path, content, opId, journal });
}

async function prepare(path: string, content: string | null): Promise<Prepared> {
  const answer = await ask(path, content);
  if (!answer.ok) throw new Error(answer.why);
  return answer.prepared;
}

describe("a change in two steps", () => {
  it("leaves the target alone until it is applied, then leaves nothing but the target", async () => {
    await writeFile(at("a.ts"), "old");

    const prepared = await prepare("a.ts", "new");

    expect(await readFile(at("a.ts"), "utf8")).toBe("old");
    expect(await readFile(at(prepared.waitsAt ?? ""), "utf8")).toBe("new");
    expect(await notes()).toHaveLength(1);
    expect(await prepared.apply(ref("old"))).toEqual({ outcome: "applied", stateRefAfter: ref("new") });
    expect(await readFile(at("a.ts"), "utf8")).toBe("new");
    expect(await status()).toBe("?? a.ts");
    expect(await notes()).toEqual([]);
  });

  it("takes the short form of a reference, and gives the same answer twice", async () => {
    await writeFile(at("a.ts"), "old");
    const prepared = await prepare("a.ts", "new");

    const first = await prepared.apply(shortRef(ref("old")));

    expect(first.outcome).toBe("applied");
    expect(await prepared.apply(ref("old"))).toEqual(first);
    await prepared.abandon();
    expect(await readFile(at("a.ts"), "utf8")).toBe("new");
  });

  it("is taken back without a trace", async () => {
    await writeFile(at("a.ts"), "old");
    const prepared = await prepare("a.ts", "new");

    await prepared.abandon();

    expect(await readFile(at("a.ts"), "utf8")).toBe("old");
    expect(await status()).toBe("?? a.ts");
    expect(await notes()).toEqual([]);
    expect(() => prepared.apply(ref("old"))).toThrow(/abandoned/);
  });

  it("keeps the mode of a script and of a private file, and gives a new file what the umask leaves", async () => {
    for (const [name, mode] of [
      ["run.sh", 0o755],
      ["key", 0o600],
    ] as const) {
      await writeFile(at(name), "old");
      await chmod(at(name), mode);
      await (await prepare(name, "new")).apply(ref("old"));
      expect((await stat(at(name))).mode & 0o777).toBe(mode);
    }

    await (await prepare("fresh", "new")).apply(EMPTY_REF);

    expect((await stat(at("fresh"))).mode & 0o777).toBe(0o666 & ~process.umask());
  });

  it.skipIf(!isRoot)("keeps the owner where it may", async () => {
    await writeFile(at("a.ts"), "old");
    await run("chown", ["65534:65534", at("a.ts")]);

    await (await prepare("a.ts", "new")).apply(ref("old"));

    expect(await stat(at("a.ts"))).toMatchObject({ uid: 65_534, gid: 65_534 });
  });

  it("keeps a link and changes what it leads to", async () => {
    await mkdir(at("deep"));
    await writeFile(at("deep/a.ts"), "old");
    await symlink("deep/a.ts", at("link.ts"));

    const prepared = await prepare("link.ts", "new");

    expect(prepared.waitsAt).toMatch(/^deep\/\.a\.ts\.signalbox-[0-9a-f]{16}\.tmp$/);
    expect((await prepared.apply(ref("old"))).outcome).toBe("applied");
    expect(await readlink(at("link.ts"))).toBe("deep/a.ts");
    expect(await readFile(at("deep/a.ts"), "utf8")).toBe("new");
  });

  it("makes the directories of a new file, and removes exactly those when it is taken back", async () => {
    await mkdir(at("there"));
    const abandoned = await prepare("there/one/two/a.ts", "new");
    expect(await readdir(at("there/one/two"))).toHaveLength(1);
    await abandoned.abandon();
    expect(await readdir(at("there"))).toEqual([]);

    const kept = await prepare("there/one/two/a.ts", "new");
    await writeFile(at("there/one/other.ts"), "of another program");
    await kept.abandon();
    expect(await readdir(at("there/one"))).toEqual(["other.ts"]);

    expect((await (await prepare("there/one/two/a.ts", "new")).apply(EMPTY_REF)).outcome).toBe("applied");
    expect(await readFile(at("there/one/two/a.ts"), "utf8")).toBe("new");
  });

  it("replaces a file of 10 MB whose name has 255 bytes", async () => {
    const name = `${"ü".repeat(126)}.ts`;
    await writeFile(at(name), "old");
    const large = "grüße\n".repeat(1_300_000);

    expect(await (await prepare(name, large)).apply(ref("old"))).toEqual({ outcome: "applied", stateRefAfter: ref(large) });
    expect((await stat(at(name))).size).toBe(Buffer.byteLength(large));
  });

  it("starts over a temporary file that an earlier attempt at the same operation left", async () => {
    const first = await prepare("a.ts", "first attempt");
    const second = await prepare("a.ts", "new");

    expect(second.waitsAt).toBe(first.waitsAt);
    expect((await second.apply(EMPTY_REF)).outcome).toBe("applied");
    expect(await readFile(at("a.ts"), "utf8")).toBe("new");
  });
});

describe("deleting", () => {
  it("removes the file, and says so again when it is gone already", async () => {
    await writeFile(at("a.ts"), "old");
    const prepared = await prepare("a.ts", null);
    expect(await readFile(at("a.ts"), "utf8")).toBe("old");

    expect(await prepared.apply(ref("old"))).toEqual({ outcome: "applied", stateRefAfter: EMPTY_REF });
    expect(await (await prepare("a.ts", null)).apply(ref("old"))).toMatchObject({ outcome: "applied" });
    expect(await status()).toBe("");
  });

  it("removes an empty file and a link itself, not what the link leads to", async () => {
    await writeFile(at("empty"), "");
    await writeFile(at("a.ts"), "old");
    await symlink("a.ts", at("link.ts"));

    await (await prepare("empty", null)).apply(EMPTY_REF);
    await (await prepare("link.ts", null)).apply(ref("old"));

    expect(await status()).toBe("?? a.ts");
  });

  it("leaves a file that changed", async () => {
    await writeFile(at("a.ts"), "old");
    const prepared = await prepare("a.ts", null);
    await writeFile(at("a.ts"), "by bo");

    expect(await prepared.apply(ref("old"))).toEqual({ outcome: "changed", currentRef: ref("by bo") });
    expect(await readFile(at("a.ts"), "utf8")).toBe("by bo");
  });
});

describe("a target that changed in between", () => {
  it("stays as it is; the content waits beside it and the note until the operation is withdrawn", async () => {
    await writeFile(at("a.ts"), "old");
    const prepared = await prepare("a.ts", "new");
    await writeFile(at("a.ts"), "by bo");

    expect(await prepared.apply(ref("old"))).toEqual({ outcome: "changed", currentRef: ref("by bo"), keptAt: prepared.waitsAt });
    expect(await readFile(at("a.ts"), "utf8")).toBe("by bo");
    expect(await readFile(at(prepared.waitsAt ?? ""), "utf8")).toBe("new");
    expect(await notes()).toHaveLength(1);
    await prepared.withdrawn();
    expect(await notes()).toEqual([]);
  });

  it("is not overwritten when it was to be new", async () => {
    const prepared = await prepare("a.ts", "new");
    await writeFile(at("a.ts"), "by bo");

    expect(await prepared.apply(EMPTY_REF)).toMatchObject({ outcome: "changed", currentRef: ref("by bo") });
    expect(await readFile(at("a.ts"), "utf8")).toBe("by bo");
  });

  it("has the reference of nothing when it was removed, and none when no file stands there", async () => {
    await writeFile(at("gone"), "old");
    await writeFile(at("dir"), "old");
    const [gone, dir] = [
      await prepare("gone", "new"),
      await prepareReplacement({ root, path: "dir", content: "new", opId: "op-2" as OpId }),
    ];
    await rm(at("gone"));
    await rm(at("dir"));
    await mkdir(at("dir"));

    expect(await gone.apply(ref("old"))).toMatchObject({ outcome: "changed", currentRef: EMPTY_REF });
    expect(dir.ok && (await dir.prepared.apply(ref("old")))).toMatchObject({ outcome: "changed", currentRef: null });
  });

  it("counts as applied when it has the content already", async () => {
    await writeFile(at("a.ts"), "old");
    const prepared = await prepare("a.ts", "new");
    await writeFile(at("a.ts"), "new");

    expect(await prepared.apply(ref("old"))).toEqual({ outcome: "applied", stateRefAfter: ref("new") });
    expect(await status()).toBe("?? a.ts");
  });

  it("stays when its folder was moved away and a link put in its place", async () => {
    await mkdir(at("src"));
    await writeFile(at("src/a.ts"), "old");
    const prepared = await prepare("src/a.ts", "new");
    await mkdir(join(scratch.folder, "outside"));
    await writeFile(join(scratch.folder, "outside/a.ts"), "old");
    await rename(at("src"), at("moved"));
    await symlink("../outside", at("src"));

    expect(await prepared.apply(ref("old"))).toMatchObject({ outcome: "changed", currentRef: null });
    expect(await readFile(join(scratch.folder, "outside/a.ts"), "utf8")).toBe("old");
  });

  it("stays when its link leads to another folder by now, though the content is the same", async () => {
    for (const folder of ["one", "two"]) {
      await mkdir(at(folder));
      await writeFile(at(`${folder}/a.ts`), "old");
    }
    await symlink("one/a.ts", at("link.ts"));
    const prepared = await prepare("link.ts", "new");
    await rm(at("link.ts"));
    await symlink("two/a.ts", at("link.ts"));

    expect(await prepared.apply(ref("old"))).toEqual({ outcome: "changed", currentRef: ref("old"), keptAt: prepared.waitsAt });
    expect([await readFile(at("one/a.ts"), "utf8"), await readFile(at("two/a.ts"), "utf8")]).toEqual(["old", "old"]);
  });

  it("stays when somebody altered or removed what waits for it", async () => {
    await writeFile(at("a.ts"), "old");
    const altered = await prepare("a.ts", "new");
    await writeFile(at(altered.waitsAt ?? ""), "not new");
    expect(await altered.apply(ref("old"))).toEqual({ outcome: "lost", currentRef: ref("old") });
    expect(await status()).toBe("?? a.ts");

    const removed = await prepare("a.ts", "new");
    await rm(at(removed.waitsAt ?? ""));
    expect(await removed.apply(ref("old"))).toEqual({ outcome: "lost", currentRef: ref("old") });
    expect(await status()).toBe("?? a.ts");
  });
});

describe("a change that cannot be prepared", () => {
  it("is refused when the path or the content may not be written", async () => {
    expect(await ask("../a.ts", "new")).toMatchObject({ ok: false });
    expect(await ask(".git/hooks/pre-commit", "new")).toMatchObject({ ok: false });
    expect(await ask("a.ts", "half \ud800")).toMatchObject({ ok: false, why: expect.stringContaining("half of a character") as string });
    expect(await status()).toBe("");
  });

  it("leaves nothing behind when something is in the way of the content or of the note", async () => {
    const abandoned = await prepare("a.ts", "new");
    await abandoned.abandon();
    await mkdir(at(abandoned.waitsAt ?? ""));
    await expect(ask("a.ts", "new")).rejects.toMatchObject({ name: "WriteFailed", path: "a.ts" });
    expect(await notes()).toEqual([]);

    await rm(join(gitDir, "signalbox-pending"), { recursive: true });
    await writeFile(join(gitDir, "signalbox-pending"), "");
    await expect(ask("one/two/b.ts", "new")).rejects.toThrow(
      /^"one\/two\/b.ts" was not changed: at ".*\.git", something else has the name/,
    );
    expect(new Set(await readdir(root))).toEqual(new Set([".git", abandoned.waitsAt]));
  });

  it("says who has to help when there is no permission, and leaves nothing behind", async () => {
    await mkdir(at("shut/in"), { recursive: true });
    await asOrdinaryUser([root, gitDir], async () => {
      await expect(ask("shut/in/new/a.ts", "new")).rejects.toMatchObject({
        code: "git/write-failed",
        errno: "EACCES",
        path: "shut/in/new/a.ts",
        message: expect.stringContaining("there is no permission to write") as string,
      });
    });

    expect(await readdir(at("shut/in"))).toEqual([]);
    expect(await notes()).toEqual([]);
  });

  it("does not replace a file that its owner made read-only, though the folder would let it", async () => {
    await writeFile(at("a.ts"), "old");
    await chmod(at("a.ts"), 0o444);
    await chmod(root, 0o777);
    const script = `
      import { prepareReplacement } from ${JSON.stringify(new URL("replace-file.ts", import.meta.url))};
      await prepareReplacement({ root: ${JSON.stringify(root)}, path: "a.ts", content: "new", opId: "op-1" }).catch((fault) => console.log(fault.errno));
    `;

    const { stdout } = await run(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], isRoot ? { uid: 65_534 } : {});

    expect(stdout.trim()).toBe("EACCES");
    expect((await readdir(root)).toSorted()).toEqual([".git", "a.ts"]);
  });

  it.skipIf(!isRoot || process.platform !== "linux")("leaves nothing behind on a full disk", async (context) => {
    const disk = at("disk");
    await mkdir(disk);
    const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=64k", "none", disk]).then(
      () => true,
      () => false,
    );
    context.skip(!mounted, "no file system can be mounted here");
    try {
      await writeFile(join(disk, "a.ts"), "old");

      await expect(ask("disk/new/b.ts", "x".repeat(100_000))).rejects.toThrow(WriteFailed);
      await expect(ask("disk/a.ts", "x".repeat(100_000))).rejects.toMatchObject({
        errno: "ENOSPC",
        message: '"disk/a.ts" was not changed: the disk is full; make room and submit again',
      });

      expect(await readdir(disk)).toEqual(["a.ts"]);
      expect(await readFile(join(disk, "a.ts"), "utf8")).toBe("old");
      expect(await notes()).toEqual([]);
    } finally {
      await run("umount", [disk]);
    }
  });

  it.skipIf(!isRoot)("leaves nothing behind when the file cannot be put in place", async () => {
    await mkdir(at("shared"));
    await chmod(at("shared"), 0o1777); // only its owner may rename over a file here
    await writeFile(at("shared/a.ts"), "old");
    await chmod(at("shared/a.ts"), 0o666);

    await asOrdinaryUser([root, gitDir], async () => {
      const prepared = await prepare("shared/a.ts", "new");
      await expect(prepared.apply(ref("old"))).rejects.toMatchObject({ name: "WriteFailed", errno: "EPERM" });
      expect(await notes()).toHaveLength(1);
      await prepared.withdrawn();
    });

    expect(await readFile(at("shared/a.ts"), "utf8")).toBe("old");
    expect(await readdir(at("shared"))).toEqual(["a.ts"]);
    expect(await notes()).toEqual([]);
  });
});
