import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { scratchFolder } from "./scratch.test.fixture.ts";
import { clearStartError, readStartError, writeStartError } from "./start-error.ts";

const ERROR = { code: "store/corrupt", sentence: "the log is corrupt", at: "2026-11-21T09:00:00.000Z", pid: 1 };

it("is read as it was written, until it is cleared", async () => {
  await using scratch = await scratchFolder();

  await writeStartError(scratch.folder, ERROR);
  const read = await readStartError(scratch.folder);
  await clearStartError(scratch.folder);

  expect(read).toEqual(ERROR);
  expect(await readStartError(scratch.folder)).toBeUndefined();
  expect(await readdir(scratch.folder)).toEqual(["home"]);
});

it("leaves no temporary file when it cannot be written, and says which file it was", async () => {
  await using scratch = await scratchFolder();
  const path = join(scratch.folder, "start-error.json");
  await mkdir(path);

  await expect(writeStartError(scratch.folder, ERROR)).rejects.toMatchObject({ code: "store/unavailable", path, errno: "EISDIR" });

  expect(await readdir(scratch.folder)).toEqual(["home", "start-error.json"]);
});
