import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createOnce } from "./create-once.ts";
import { scratchFolder } from "./scratch.test.fixture.ts";

const noLinks = { giveName: () => Promise.reject(Object.assign(new Error("no links here"), { code: "ENOTSUP" })) };

it("answers with what it wrote, and ever after with that", async () => {
  await using scratch = await scratchFolder();
  for (const [name, options] of [
    ["links", {}],
    ["no links", noLinks],
  ] as const) {
    const path = join(scratch.folder, name);

    expect(await createOnce(path, "ana", options)).toBe("ana");
    expect(await createOnce(path, "bo", options)).toBe("ana");
    expect(await readFile(path, "utf8")).toBe("ana");
  }
});

it("waits for what another process is just writing", async () => {
  await using scratch = await scratchFolder();
  const path = join(scratch.folder, "in the making");
  await writeFile(path, "");

  const reading = createOnce(path, "bo");
  for (let reads = 0; reads < 5; reads += 1) expect(await readFile(path, "utf8")).toBe(""); // it has seen the same by now
  await writeFile(path, "ana");

  expect(await reading).toBe("ana");
});

it("leaves nothing behind when the system refuses", async () => {
  await using scratch = await scratchFolder();
  const full = { giveName: () => Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" })) };

  await expect(createOnce(join(scratch.folder, "full"), "ana", full)).rejects.toThrow("no space");
  expect(await readdir(scratch.folder)).toEqual(["home"]);
});
