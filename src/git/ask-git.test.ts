import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askGit, cleanGitEnvironment, GitFailed, GitFolderMissing, GitMissing } from "./ask-git.ts";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await scratchFolder();
});
afterAll(() => scratch[Symbol.asyncDispose]());

describe("the environment of git", () => {
  it("loses what names a repository or a program for people, keeps the configuration, and asks nobody", () => {
    const env = {
      PATH: "/bin",
      GIT_DIR: "/other",
      Git_Work_Tree: "/other",
      GIT_COMMON_DIR: "/other",
      GIT_OBJECT_DIRECTORY: "/other",
      GIT_CONFIG_PARAMETERS: "'a'='b'",
      GIT_ASKPASS: "ask",
      SSH_ASKPASS: "ask",
      PAGER: "less",
      GIT_CONFIG_GLOBAL: "/home/ana/.gitconfig",
      GIT_CEILING_DIRECTORIES: "/home",
      GIT_OPTIONAL_LOCKS: "1",
      LC_ALL: "de_DE.UTF-8",
    };

    expect(cleanGitEnvironment(env)).toEqual({
      PATH: "/bin",
      GIT_CONFIG_GLOBAL: "/home/ana/.gitconfig",
      GIT_CEILING_DIRECTORIES: "/home",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_TERMINAL_PROMPT: "0",
      LC_ALL: "C",
    });
  });

  it("reaches the process so", async () => {
    const bin = join(scratch.folder, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "git"), "#!/bin/sh\nenv\n");
    await chmod(join(bin, "git"), 0o755);
    const env = { ...scratch.env, PATH: `${bin}:${scratch.env["PATH"]}`, GIT_DIR: "/other", EDITOR: "vi" };

    const lines = (await askGit(scratch.folder, ["status"], { env })).split("\n");

    expect(lines).toEqual(expect.arrayContaining(["GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1"]));
    expect(lines.filter((line) => /^(GIT_DIR|EDITOR)=/.test(line))).toEqual([]);
  });
});

describe("an answer", () => {
  it("is empty when git says no without a word", async () => {
    const root = await scratch.repository("no");

    expect(await askGit(root, ["config", "--get", "no.such-key"], scratch)).toBe("");
  });

  it("is a fault with git's own words when git fails", async () => {
    const root = await scratch.repository("fails");

    const asking = askGit(root, ["rev-parse", "--verify", "nothing"], scratch);

    await expect(asking).rejects.toThrow(GitFailed);
    await expect(asking).rejects.toThrow(`git rev-parse --verify nothing in ${root}: fatal: Needed a single revision`);
  });

  it("is a fault when a signal ended git", async () => {
    const bin = join(scratch.folder, "killed");
    await mkdir(bin);
    await writeFile(join(bin, "git"), "#!/bin/sh\nkill -9 $$\n");
    await chmod(join(bin, "git"), 0o755);

    const asking = askGit(scratch.folder, ["status"], { env: { ...scratch.env, PATH: `${bin}:${scratch.env["PATH"]}` } });

    await expect(asking).rejects.toThrow("ended by a signal");
  });

  it("is a fault of its own when git or the folder is missing", async () => {
    await expect(askGit(scratch.folder, ["status"], { env: { PATH: "/nonexistent" } })).rejects.toThrow(GitMissing);
    await expect(askGit(join(scratch.folder, "gone"), ["status"], scratch)).rejects.toThrow(GitFolderMissing);
  });

  it("is not waited for by one who has given up before", async () => {
    await expect(askGit(scratch.folder, ["status"], { ...scratch, signal: AbortSignal.abort(new Error("bo left")) })).rejects.toThrow(
      "bo left",
    );
  });
});

const ASKER = `
import { askGit } from ${JSON.stringify(new URL("ask-git.ts", import.meta.url).href)};
process.stdin.resume().once("end", () => process.exit());
await askGit(process.argv[1], ["status"]);
`;

it.skipIf(process.platform === "win32")("leaves no git behind when the process that asked ends", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const bin = join(scratch.folder, "hangs");
  await mkdir(bin);
  const git = `#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/${(server.address() as AddressInfo).port}\nread -r -u 3\n`;
  await writeFile(join(bin, "git"), git, { mode: 0o755 });
  const env = { ...scratch.env, PATH: `${bin}:${scratch.env["PATH"]}` };
  const called = once(server, "connection") as Promise<[Socket]>;
  const asker = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", ASKER, "--", scratch.folder], {
    cwd: join(import.meta.dirname, "../.."),
    env,
  });
  const [hanging] = await called;

  asker.stdin.end();
  await Promise.all([once(asker, "exit"), once(hanging.on("error", () => undefined).resume(), "close")]);

  expect(asker.exitCode).toBe(0);
  server.close();
});
