import { statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { swapUnchanged } from "./swap-file.ts";

let folder: string;
let target: string;
let temporary: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-test-"));
  [target, temporary] = [join(folder, "a.ts"), join(folder, ".a.ts.tmp")];
  await writeFile(temporary, "new");
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const place = () => ({ absolute: target, entry: target });
const seen = () => statSync(target, { bigint: true });
const noLinks = () => {
  throw Object.assign(new Error("not supported"), { code: "ENOTSUP" });
};

describe("a file that was hashed", () => {
  it("is exchanged when nothing touched it since", async () => {
    await writeFile(target, "old");

    expect(swapUnchanged(place(), seen(), temporary)).toBe(true);
    expect(await readFile(target, "utf8")).toBe("new");
    expect(await readdir(folder)).toEqual(["a.ts"]);
  });

  it.each([
    {
      name: "was written to, at the same size",
      touch: async () => {
        await writeFile(target, "bo!");
        await utimes(target, 2, 2);
      },
    },
    {
      name: "was written anew under its name",
      touch: async () => {
        await rm(target);
        await writeFile(target, "bo!");
      },
    },
    {
      name: "became a link",
      touch: async () => {
        await writeFile(join(folder, "b.ts"), "bo!");
        await rm(target);
        await symlink("b.ts", target);
      },
    },
  ])("stays when it $name", async ({ touch }) => {
    await writeFile(target, "old");
    await utimes(target, 1, 1);
    const before = seen();
    await touch();

    expect(swapUnchanged(place(), before, temporary)).toBe(false);
    expect(swapUnchanged(place(), before, undefined)).toBe(false);
    expect(await readFile(target, "utf8")).toBe("bo!");
    expect(await readFile(temporary, "utf8")).toBe("new");
  });

  it("is not made again when it was removed", async () => {
    await writeFile(target, "old");
    const before = seen();
    await rm(target);

    expect(swapUnchanged(place(), before, temporary)).toBe(false);
    expect(await readdir(folder)).toEqual([".a.ts.tmp"]);
  });
});

describe.each([
  { system: "with hard links", links: undefined },
  { system: "without hard links", links: noLinks },
])("a name that nobody had, $system", ({ links }) => {
  it("is taken", async () => {
    expect(swapUnchanged(place(), undefined, temporary, links)).toBe(true);
    expect(await readFile(target, "utf8")).toBe("new");
  });

  it("stays with whoever took it in that moment", async () => {
    await writeFile(target, "bo!");

    expect(swapUnchanged(place(), undefined, temporary, links)).toBe(false);
    expect(await readFile(target, "utf8")).toBe("bo!");
    expect(await readFile(temporary, "utf8")).toBe("new");
  });

  it("is not followed when it is a link to nothing", async () => {
    await mkdir(join(folder, "elsewhere"));
    await symlink("elsewhere/b.ts", target);

    expect(swapUnchanged(place(), undefined, temporary, links)).toBe(false);
    expect(await readdir(join(folder, "elsewhere"))).toEqual([]);
  });
});
