import { existsSync, renameSync, unlinkSync } from "node:fs";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { scratchFolder } from "./scratch.test.fixture.ts";
import { writeTemporary } from "./temporary-file.ts";

it.runIf(process.platform === "linux")("leaves nothing where a link led that stood for its folder in the meantime", async () => {
  await using scratch = await scratchFolder();
  const root = await scratch.repository("repo");
  const [folder, aside, outside] = [join(root, "d"), join(root, "aside"), `${root}-outside`];
  await mkdir(aside);
  await mkdir(outside);
  await symlink(outside, folder);

  let isOver = false;
  const written = writeTemporary(join(folder, "x.tmp"), Buffer.from("text"), undefined)
    .catch((cause: unknown) => cause)
    .finally(() => (isOver = true));
  while (!isOver && !existsSync(join(outside, "x.tmp"))) await nextTurn();
  unlinkSync(folder);
  renameSync(aside, folder);

  expect(await written).toMatchObject({ code: "ELOOP" });
  expect([await readdir(outside), await readdir(folder)]).toEqual([[], []]);
});
