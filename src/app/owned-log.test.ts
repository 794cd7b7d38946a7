/** A sidecar whose workspace holds its own log, such as one for $HOME: no question of a client may cost it the log's lock. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { link } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, it } from "vitest";
import { mainTree } from "../git/main-tree.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { locateStore } from "../git/store-folder.ts";
import { openSqliteStore } from "../store/sqlite.ts";

it("keeps its log to itself whatever a client lists, reads or refers to in a folder that holds it", async () => {
  await using scratch = await scratchFolder();
  const workspace = { kind: "folder", root: scratch.folder } as const;
  const store = await locateStore(workspace, scratch);
  await using _owner = await openSqliteStore({ path: store.logPath });
  await link(store.logPath, join(scratch.folder, "backup.db"));
  const tree = mainTree(workspace, store, scratch.env);
  const log = relative(scratch.folder, store.logPath);

  const { files } = await tree.list();
  const answers = await Promise.all([tree.read(log), tree.reference(log), tree.read("backup.db"), tree.reference("backup.db")]);

  expect(await openElsewhere(store.logPath)).toBe("StoreHeld");
  const refused = { refused: expect.stringContaining("belongs to the coordinator itself") as string };
  expect(answers).toEqual([refused, null, refused, null]);
  expect(files.map(({ path }) => path)).toEqual(["home/gitconfig"]);
});

/** A process of its own tries: the locks of this one do not keep this one out. */
async function openElsewhere(path: string): Promise<string> {
  const script = `import { openSqliteStore } from ${JSON.stringify(new URL("../store/sqlite.ts", import.meta.url).href)};
    openSqliteStore({ path: ${JSON.stringify(path)} }).then(() => "opened", (fault) => fault.name).then((said) => process.stdout.write(said));`;
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  await once(child, "close");
  return said;
}
