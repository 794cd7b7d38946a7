import { chmod, mkdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hostedStore } from "./hosted-store.ts";
import { findWorkspace } from "./repository.ts";
import { scratchFolder } from "./scratch.test.fixture.ts";
import { locateStore } from "./store-folder.ts";

describe("the store of a hosted sidecar", () => {
  it("is made in the user's state directory, for the user alone, and is the same the next time", async () => {
    await using scratch = await scratchFolder();
    const env = { ...process.env, XDG_STATE_HOME: scratch.folder };

    const first = await hostedStore(undefined, env);
    const second = await hostedStore(undefined, env);

    expect(first.folder).toBe(join(await realpath(scratch.folder), "signalbox", "hosted"));
    expect((await stat(first.folder)).mode & 0o777).toBe(0o700);
    expect(second.identity).toEqual(first.identity);
  });

  it("is made where it is asked for", async () => {
    await using scratch = await scratchFolder();
    const folder = join(await realpath(scratch.folder), "a", "b");

    expect(await hostedStore(folder)).toMatchObject({ folder, logPath: join(folder, "log.db"), writable: true });
  });

  it("is not the one of a repository", async () => {
    await using scratch = await scratchFolder();
    const workspace = await findWorkspace(await scratch.repository("repo"), { outside: "refuse" });
    if (workspace.kind === "refused") throw new Error(workspace.message);
    const { folder } = await locateStore(workspace);

    await expect(hostedStore(folder)).rejects.toMatchObject({ code: "store/of-repository" });
  });

  it("is nowhere where nothing can be written, and that is said", async (context) => {
    context.skip(process.getuid?.() === 0, "root writes everywhere");
    await using scratch = await scratchFolder();
    const closed = join(scratch.folder, "closed");
    await mkdir(closed);
    await chmod(closed, 0o500);

    await expect(hostedStore(join(closed, "store"))).rejects.toMatchObject({ code: "store/no-folder" });
  });
});
