import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { watchWorktree, type WatchOptions, type WorktreeStatus } from "./watch-worktree.ts";
import { eventually, repositoryWith, worktreeAt, write } from "./worktree.test.fixture.ts";
import type { Worktree } from "./worktrees.ts";

let scratch: Scratch;
let open: AsyncDisposable[] = [];
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterEach(async () => {
  await Promise.all(open.map((watch) => watch[Symbol.asyncDispose]()));
  open = [];
});
afterAll(() => scratch[Symbol.asyncDispose]());

interface Said {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A watch that has seen its worktree once. */
async function watching(worktree: Worktree, options: Partial<WatchOptions> = {}) {
  const said: Said[] = [];
  const states: string[] = [];
  const say = (fields: Said["fields"], message: string) => said.push({ message, fields });
  const log = { info: say, warn: say };
  const watch = watchWorktree(worktree, { log, env: scratch.env, onState: (state) => states.push(state), ...options });
  open.push(watch);
  /** Resolves with the first status that is so. */
  const sees = (matches: (status: WorktreeStatus) => boolean) =>
    eventually(() => (watch.status !== undefined && matches(watch.status) ? watch.status : undefined));
  await sees(() => true);
  return { root: worktree.root, watch, said, states, sees };
}

const named =
  (...lines: readonly string[]) =>
  ({ changed }: WorktreeStatus) =>
    JSON.stringify(changed.map(({ path, change }) => `${change} ${path}`)) === JSON.stringify(lines);

describe("the changed files of a worktree", () => {
  it("are current after edits, new folders and deletes, and after they are undone", async () => {
    const { root, watch, states, sees } = await watching(await repositoryWith(scratch, "edits", ["src/a", "src/b"]));
    expect(watch.status).toMatchObject({ branch: "main", changed: [], total: 0 });

    await write(root, "src/a", "two\n");
    await sees(named("modified src/a"));
    await write(root, "new/deep/er/c");
    await sees(named("modified src/a", "untracked new/deep/er/c"));
    await write(root, "new/deep/er/d");
    await sees(named("modified src/a", "untracked new/deep/er/c", "untracked new/deep/er/d"));
    await rm(join(root, "src/b"));
    await rm(join(root, "new"), { recursive: true });
    await sees(named("modified src/a", "deleted src/b"));
    await scratch.git(root, "checkout", "-q", ".");
    const undone = await sees(named());

    expect(undone.total).toBe(0);
    expect(states).toEqual(["events"]);
  });

  it("are current for a file that is made in a folder which stood empty, and in one with an odd name", async () => {
    const odd = 'line\nbreak "and" quote/-dash \\ and :(top)';
    const worktree = await repositoryWith(scratch, "odd", [`${odd}/a`]);
    await mkdir(join(worktree.root, "empty"));
    const { root, sees } = await watching(worktree);

    await write(root, `${odd}/a`, "two\n");
    await write(root, "empty/b");

    expect(await sees(named(`modified ${odd}/a`, "untracked empty/b"))).toMatchObject({ total: 2 });
  });

  it("are named up to 2,000, tracked files first, and counted beyond", async () => {
    const worktree = await repositoryWith(scratch, "many", ["z"]);
    const names = Array.from({ length: 2_100 }, (_none, index) => `many/${String(index).padStart(4, "0")}`);
    for (const name of names) await write(worktree.root, name);
    await write(worktree.root, "z", "two\n");
    const { watch } = await watching(worktree);

    expect(watch.status).toMatchObject({ total: 2_101 });
    expect(watch.status?.changed.map(({ path }) => path)).toEqual(["z", ...names.slice(0, 1_999)]);
  });

  it("follow the rules of what is ignored when these change", async () => {
    const worktree = await repositoryWith(scratch, "rules", ["a"]);
    await write(worktree.root, ".git/info/exclude", "/out/\n");
    await write(worktree.root, "out/b");
    const { root, watch, sees } = await watching(worktree);
    const before = watch.status?.changed;

    await write(root, ".git/info/exclude", "");
    await sees(named("untracked out/b"));
    await write(root, "out/c");
    await sees(named("untracked out/b", "untracked out/c"));
    await write(root, ".gitignore", ".gitignore\nb\n");
    await sees(named("untracked out/c"));
    await write(root, "out/d");
    await sees(named("untracked out/c", "untracked out/d"));

    expect(before).toEqual([]);
  });

  it("are asked for by whoever cannot wait, and are then no older than the question", async () => {
    const { root, watch } = await watching(await repositoryWith(scratch, "asked", ["a"]));

    for (const text of ["two\n", "one\n", "three\n", "one\n"]) {
      await write(root, "a", text);
      const found = await Promise.all([watch.refresh(), watch.refresh()]);
      expect(found.map((status) => status?.total)).toEqual(text === "one\n" ? [0, 0] : [1, 1]);
    }
  });
});

describe("a storm", () => {
  it("of 20,000 ignored files is passed over, and none of their folders is watched", async () => {
    const worktree = await repositoryWith(scratch, "install", ["src/a"]);
    await write(worktree.root, ".gitignore", "node_modules/\n");
    const { root, watch, sees } = await watching(worktree);
    const { looks } = watch.counts;

    for (let one = 0; one < 200; one += 1) {
      const folder = join(root, "node_modules", `package-${one}`);
      await mkdir(folder, { recursive: true });
      await Promise.all(Array.from({ length: 100 }, (_none, two) => writeFile(join(folder, `file-${two}`), "")));
    }
    await write(root, "src/a", "two\n");
    await sees(named("modified src/a", "untracked .gitignore"));

    expect(watch.counts.directories).toBe(2);
    // One for the folder itself, and one for the edit; another where these two come while a look is made.
    expect(watch.counts.looks - looks).toBeLessThanOrEqual(4);
  });

  it("of a branch switch ends with what git says, after a handful of looks", async () => {
    const files = Array.from({ length: 3_000 }, (_none, index) => `part-${index % 60}/deep/file-${index}`);
    const worktree = await repositoryWith(scratch, "switch", ["a"]);
    await scratch.git(worktree.root, "switch", "-q", "-c", "topic");
    for (const file of files) await write(worktree.root, file);
    await scratch.git(worktree.root, "add", "-A");
    await scratch.git(worktree.root, "commit", "-q", "-m", "topic");
    await scratch.git(worktree.root, "switch", "-q", "main");
    const { root, watch, sees } = await watching(worktree);
    const { looks } = watch.counts;

    for (const branch of ["topic", "main", "topic"]) await scratch.git(root, "switch", "-q", branch);
    await sees(({ branch, total }) => branch === "topic" && total === 0);
    await write(root, "part-59/deep/file-59", "two\n");
    await sees(named("modified part-59/deep/file-59"));

    await eventually(() => (watch.counts.directories === 121 ? true : undefined));

    expect(watch.counts.looks - looks).toBeLessThan(20);
  });
});

describe("what is checked out", () => {
  it("is current after a commit, a switch, a detached HEAD and a moved branch", async () => {
    const { root, sees } = await watching(await repositoryWith(scratch, "heads", ["a"]));
    const first = await scratch.git(root, "rev-parse", "HEAD");

    await write(root, "a", "two\n");
    await sees(named("modified a"));
    await scratch.git(root, "commit", "-qam", "two");
    const second = await scratch.git(root, "rev-parse", "HEAD");
    await sees((status) => status.head === second && status.total === 0);
    await scratch.git(root, "switch", "-q", "-c", "topic/basket");
    await sees((status) => status.branch === "topic/basket" && status.head === second);
    await scratch.git(root, "config", "core.logAllRefUpdates", "false");
    await rm(join(root, ".git/logs"), { recursive: true });
    await scratch.git(root, "update-ref", "refs/heads/topic/basket", first);
    await sees((status) => status.head === first && named("modified a")(status));
    await scratch.git(root, "pack-refs", "--all"); // removes the folder of the branch
    await scratch.git(root, "update-ref", "refs/heads/topic/basket", second);
    await sees((status) => status.head === second && status.total === 0);
    await scratch.git(root, "update-ref", "refs/heads/topic/basket", first);
    await sees(({ head }) => head === first);
    await scratch.git(root, "switch", "-q", "--detach", "--discard-changes", second);

    expect(await sees((status) => status.branch === undefined)).toMatchObject({ head: second, total: 0 });
  });

  it("is a branch without a commit until the first one", async () => {
    const root = join(scratch.folder, "unborn");
    await scratch.git(scratch.folder, "init", "-q", "-b", "first", root);
    const { watch, sees } = await watching(await worktreeAt(scratch, root));
    const before = watch.status;

    await write(root, "a");
    await sees(named("untracked a"));
    await scratch.git(root, "add", "a");
    await sees(named("added a"));
    await scratch.git(root, "commit", "-qm", "first");
    const after = await sees(({ head }) => head !== undefined);

    expect(before).toMatchObject({ branch: "first", changed: [] });
    expect(before?.head).toBeUndefined();
    expect(after).toMatchObject({ branch: "first", total: 0 });
  });

  it.each(["linked", "submodule"])("is its own in a %s worktree, as are its changes", async (kind) => {
    const inner = await repositoryWith(scratch, `inner of ${kind}`, ["a"]);
    const outer = await repositoryWith(scratch, `outer of ${kind}`, ["b"]);
    const at = join(outer.root, "within");
    if (kind === "linked") await scratch.git(outer.root, "worktree", "add", "-q", "-b", "topic", at);
    else await scratch.git(outer.root, "submodule", "--quiet", "add", inner.root, "within");
    const file = kind === "linked" ? "b" : "a";
    const { watch, sees } = await watching(await worktreeAt(scratch, at));
    const around = await watching(outer);

    await write(at, file, "two\n");
    await sees(named(`modified ${file}`));
    await scratch.git(at, "commit", "-qam", "two");
    const head = await scratch.git(at, "rev-parse", "HEAD");
    await sees((status) => status.head === head && status.total === 0);

    expect(watch.status?.branch).toBe(kind === "linked" ? "topic" : "main");
    expect(around.watch.status?.head).not.toBe(head);
  });
});

describe("the time of the last edit", () => {
  it("is that of an edit, also of a second one of the same file, and not of what git does", async () => {
    let nowMs = 1_000;
    const worktree = await repositoryWith(scratch, "times", ["a", "b"]);
    const { root, watch } = await watching(worktree, { nowMs: () => nowMs });
    const at = async (ms: number, act: () => Promise<unknown>) => {
      nowMs = ms;
      await act();
      await watch.refresh();
      return watch.lastEditAtMs;
    };

    expect(watch.lastEditAtMs).toBeUndefined();
    expect(await at(2_000, () => write(root, "a", "two\n"))).toBe(2_000);
    expect(await at(3_000, () => write(root, "a", "three\n"))).toBe(3_000);
    expect(await at(4_000, () => scratch.git(root, "add", "a"))).toBe(3_000);
    expect(await at(5_000, () => scratch.git(root, "commit", "-qm", "three"))).toBe(3_000);
    expect(await at(6_000, () => scratch.git(root, "reset", "-q", "--soft", "HEAD^"))).toBe(3_000);
    expect(await at(6_500, () => scratch.git(root, "commit", "-qm", "three"))).toBe(3_000);
    expect(await at(6_800, () => scratch.git(root, "switch", "-q", "-c", "topic", "HEAD^"))).toBe(3_000);
    expect(await at(7_000, () => rm(join(root, "b")))).toBe(7_000);
    expect(await at(8_000, () => write(root, "b"))).toBe(8_000);
    expect(await at(9_000, () => Promise.resolve())).toBe(8_000);
  });
});

describe("where the system watches no more directories", () => {
  it("git is asked every few seconds, which is said once", async () => {
    const worktree = await repositoryWith(scratch, "full", ["src/deep/a"]);
    const { root, watch, said, states, sees } = await watching(worktree, { max: 2, pollMs: 10 });

    await write(root, "src/deep/a", "two\n");
    await sees(named("modified src/deep/a"));
    await scratch.git(root, "checkout", "-q", ".");
    await sees(named());

    expect(watch.counts.directories).toBe(0);
    expect(states).toEqual(["polling"]);
    expect(said).toEqual([
      {
        message: "worktree polled: the system watches no more directories",
        fields: { worktree: root, reason: "limit", directories: 2 },
      },
    ]);
  });

  it("the system is asked again after ten minutes", async () => {
    let nowMs = 0;
    let isFull = true;
    const { watch: systemWatch } = await import("node:fs");
    const watch = ((...args: Parameters<typeof systemWatch>) => {
      if (isFull) throw Object.assign(new Error("none left"), { code: "ENOSPC" });
      return systemWatch(...args);
    }) as typeof systemWatch;
    const worktree = await repositoryWith(scratch, "full for a time", ["a"]);
    const { watch: watched, states, said } = await watching(worktree, { watch, nowMs: () => nowMs });

    nowMs = 600_000;
    await watched.refresh();
    isFull = false;
    nowMs = 1_199_999;
    await watched.refresh();
    const before = watched.state;
    nowMs = 1_200_000;
    await watched.refresh();

    expect([before, watched.state, watched.counts.directories]).toEqual(["polling", "events", 1]);
    expect(states).toEqual(["polling", "events"]);
    expect(said.map(({ message }) => message)).toEqual([
      "worktree polled: the system watches no more directories",
      "worktree watched again",
    ]);
  });
});

describe("the end of a worktree", () => {
  it.each(["removed by git", "deleted", "moved"])("is noticed when it is %s", async (how) => {
    const { root } = await repositoryWith(scratch, `ends, ${how}`, ["a"]);
    const linked = join(scratch.folder, `linked, ${how}`);
    await scratch.git(root, "worktree", "add", "-q", "-b", "topic", linked);
    const { watch, states, said } = await watching(await worktreeAt(scratch, linked));

    if (how === "moved") await rename(linked, `${linked} away`);
    else if (how === "deleted") await rm(linked, { recursive: true });
    else await scratch.git(root, "worktree", "remove", linked);
    await eventually(() => (watch.state === "gone" ? true : undefined));

    expect(states).toEqual(["events", "gone"]);
    expect([watch.status, await watch.refresh(), watch.counts.directories]).toEqual([undefined, undefined, 0]);
    expect(said).toEqual([]);
  });

  it("is no trouble to tell of when it comes while git is asked", async () => {
    const { root } = await repositoryWith(scratch, "ends while asked", ["a"]);
    const linked = join(scratch.folder, "linked for a moment");
    await scratch.git(root, "worktree", "add", "-q", "-b", "topic", linked);
    const worktree = await worktreeAt(scratch, linked);
    const bin = join(scratch.folder, "removing");
    await write(bin, "git", `#!/bin/sh\nrm -rf '${linked}'\nPATH='${scratch.env["PATH"]}' exec git "$@"\n`);
    await chmod(join(bin, "git"), 0o755);
    const said: string[] = [];
    const log = { info: () => undefined, warn: (_fields: unknown, message: string) => said.push(message) };
    const watch = watchWorktree(worktree, { log, env: { ...scratch.env, PATH: `${bin}:${scratch.env["PATH"]}` } });
    open.push(watch);

    await eventually(() => (watch.state === "gone" ? true : undefined));

    expect(said).toEqual([]);
  });

  it("of git's answers is said once, and so is nothing when they come back", async () => {
    const { root, watch, said, sees } = await watching(await repositoryWith(scratch, "broken", ["a"]));
    const index = await readFile(join(root, ".git/index"));

    await writeFile(join(root, ".git/index"), "no index");
    const broken = [await watch.refresh(), await watch.refresh()];
    await writeFile(join(root, ".git/index"), index);
    await write(root, "a", "two\n");
    await sees(named("modified a"));

    expect(broken).toEqual([undefined, undefined]);
    expect(said.map(({ message }) => message)).toEqual(["worktree not read"]);
  });
});

describe("a watch", () => {
  it("leaves the index as it is, whatever happens", async () => {
    const { root, sees } = await watching(await repositoryWith(scratch, "index", ["a", "b"]));
    const before = await readFile(join(root, ".git/index"));

    await write(root, "a", "two\n");
    await write(root, "b"); // the same text at another time, which git would like to note
    await sees(named("modified a"));
    await write(root, "a");
    await sees(named());

    expect(await readFile(join(root, ".git/index"))).toEqual(before);
  });

  it("begins at once and may be closed at once, and twice", async () => {
    const watch = watchWorktree(await repositoryWith(scratch, "closed", ["a"]), {
      log: { info: () => undefined, warn: () => expect.unreachable() },
      env: scratch.env,
    });
    const state = watch.state;
    await Promise.all([watch[Symbol.asyncDispose](), watch[Symbol.asyncDispose]()]);

    expect(state).toBe("starting");
    expect([watch.state, watch.status, await watch.refresh(), watch.counts.directories]).toEqual(["closed", undefined, undefined, 0]);
  });

  it("leaves nothing watched when it is closed while it looks for directories", async () => {
    const { watch: systemWatch } = await import("node:fs");
    const held = new Set<string>();
    const closings: PromiseLike<void>[] = [];
    const counting = ((path: string, ...rest: [object, () => void]) => {
      const watcher = systemWatch(path, ...rest);
      const close = watcher.close.bind(watcher);
      held.add(path);
      if (path.endsWith("deep")) closings.push(watch[Symbol.asyncDispose]());
      return Object.assign(watcher, { close: () => held.delete(path) && close() });
    }) as typeof systemWatch;
    const worktree = await repositoryWith(scratch, "closed while it looks", ["src/deep/er/a"]);
    const log = { info: () => undefined, warn: () => expect.unreachable() };
    const watch = watchWorktree(worktree, { log, env: scratch.env, watch: counting });

    await eventually(() => (closings.length > 0 ? true : undefined));
    await Promise.all(closings);

    expect([...held]).toEqual([]);
  });

  it("keeps no process alive", async () => {
    const { root } = await repositoryWith(scratch, "alive", ["src/a"]);
    const script = `
      const { watchWorktree } = await import(${JSON.stringify(join(import.meta.dirname, "watch-worktree.ts"))});
      const { findWorkspace } = await import(${JSON.stringify(join(import.meta.dirname, "repository.ts"))});
      const watch = watchWorktree(await findWorkspace(${JSON.stringify(root)}), { log: console });
      const { state } = await watch.refresh().then(() => watch);
      console.log(state);`;
    const args = ["--import", "tsx", "--input-type=module", "--eval", script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: scratch.env });

    expect(stdout).toBe("events\n");
  });
});
