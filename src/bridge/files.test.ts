import { lstat, mkdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import type { Files } from "../tools/ports/files.ts";
import { createFiles } from "./files.ts";

let scratch: Scratch;
let root: string;
let files: Files;

beforeAll(async () => {
  scratch = await scratchFolder();
  root = await scratch.repository("tree");
  await mkdir(join(root, "lib"));
  await writeFile(join(root, "lib/real.txt"), "real");
  await symlink("../lib/real.txt", join(root, "lib/link.txt"));
  await symlink("lib", join(root, "folder"));
  files = createFiles({ root, spelled: [], notesIn: join(root, ".git"), settled: () => Promise.resolve(), nowMs: Date.now });
});
afterAll(() => scratch[Symbol.asyncDispose]());

it("takes a path that leads into the worktree over a link above it, for one file as for a scope", async () => {
  const link = join(scratch.folder, "link");
  await symlink(root, link);

  expect(await files.filePath(join(link, "lib/real.txt"))).toMatchObject({ ok: true, path: "lib/real.txt" });
  expect(await files.scopePaths(join(link, "lib/*.txt"))).toEqual({ ok: true, paths: ["lib/*.txt"] });
  expect(await files.scopePaths(join(link, "folder/link.txt"))).toEqual({ ok: true, paths: ["lib/real.txt", "lib/link.txt"] });
  expect(await files.scopePaths(join(scratch.folder, "lib/real.txt"))).toMatchObject({ ok: false });
});

describe("a file that is asked for over a symbolic link", () => {
  it("goes by the name that its bytes lie under", async () => {
    expect(await files.filePath("folder/link.txt")).toEqual({ ok: true, path: "lib/real.txt", entry: "lib/link.txt" });
    expect(await files.filePath(join(root, "folder/new.txt"))).toEqual({ ok: true, path: "lib/new.txt", entry: "lib/new.txt" });
    expect(await files.scopePaths(join(root, "folder/link.txt"))).toEqual({ ok: true, paths: ["lib/real.txt", "lib/link.txt"] });
  });

  it("is deleted as the link that it is", async () => {
    const content = null;
    const before = await files.state("lib/link.txt", { content: false });
    if (before.status !== "ok") throw new Error(before.status);
    const request = { path: "lib/link.txt", content, opId: "op-1", intentId: "intent-1", stateRefBefore: before.state_ref };
    const prepared = await files.prepare(request);
    if ("refused" in prepared) throw new Error(prepared.refused);
    expect(await readlink(join(root, "lib/link.txt"))).toBe("../lib/real.txt");

    expect(await prepared.apply(before.state_ref)).toEqual({ outcome: "applied" });

    await expect(lstat(join(root, "lib/link.txt"))).rejects.toThrow("ENOENT");
    expect(await readFile(join(root, "lib/real.txt"), "utf8")).toBe("real");
  });
});

it("goes on with a path by what is committed, and with nothing where there is no worktree", async () => {
  await scratch.git(root, "add", "-A");
  await scratch.git(root, "commit", "-qm", "all");
  const treeless = createFiles({ root: undefined, spelled: [], notesIn: root, settled: () => Promise.resolve(), nowMs: Date.now });

  expect([await files.list?.("lib/r"), await treeless.list?.("lib/r")]).toEqual([["lib/real.txt"], []]);
});
