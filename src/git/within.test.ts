import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";
import { isWithin } from "./within.ts";

let scratch: Scratch;
let root: string;
beforeAll(async () => {
  scratch = await scratchFolder();
  root = await scratch.repository("repo");
  await mkdir(join(root, "src", "deep"), { recursive: true });
  await mkdir(join(root, "other", "src"), { recursive: true });
  await writeFile(join(root, "other", ".git"), "gitdir: elsewhere");
  await writeFile(join(root, "a.ts"), "");
  await mkdir(`${root}-beside`);
  await symlink(root, `${root}-link`);
  await symlink(`${root}-beside`, join(root, "out"));
});
afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
});

it.each([
  { of: "the folder itself", path: (top: string) => top, gives: true },
  { of: "the folder with a slash behind it", path: (top: string) => `${top}/`, gives: true },
  { of: "the folder by way of others", path: (top: string) => `${top}/./src/..`, gives: true },
  { of: "a folder in it", path: (top: string) => `${top}/src/deep`, gives: true },
  { of: "a file in it", path: (top: string) => `${top}/a.ts`, gives: true },
  { of: "a link to it", path: (top: string) => `${top}-link/src`, gives: true },
  { of: "a link in it that leads out", path: (top: string) => `${top}/out`, gives: false },
  { of: "a folder beside it whose name begins so", path: (top: string) => `${top}-beside`, gives: false },
  { of: "the folder around it", path: (top: string) => `${top}/..`, gives: false },
  { of: "another repository in it", path: (top: string) => `${top}/other/src`, gives: false },
  { of: "what is not there", path: (top: string) => `${top}/none`, gives: false },
  { of: "a path from nowhere", path: () => "src", gives: false },
  { of: "what no path is", path: (top: string) => `${top}/\0`, gives: false },
])("is $gives of $of", async ({ path, gives }) => {
  expect(await isWithin(root, path(root))).toBe(gives);
});
