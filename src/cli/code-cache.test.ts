import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { requireCached } from "./code-cache.ts";

const ID = "/*0123456789abcdef*/";

let folder: string;
let bundle: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "code-cache-")));
  bundle = join(folder, "program.cjs");
});

afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

/** Loads the bundle as one process does, with a cache folder of this test's own. */
function load(): unknown {
  return requireCached(bundle, { env: { XDG_CACHE_HOME: join(folder, "home"), LOCALAPPDATA: join(folder, "home") }, keepAfterMs: 0 });
}

/** Code is kept in a moment of its own. */
const eventually = <Result>(check: () => Promise<Result>): Promise<Result> => vi.waitFor(check, { timeout: 20_000 });

const cachesIn = async (place: string) => (await readdir(place).catch(() => [])).filter((name) => name.endsWith(".cache"));

/** Resolves with the one cache that was kept in `place`, once it is there. */
function kept(place = folder): Promise<string> {
  return eventually(async () => {
    const [name, ...more] = await cachesIn(place);
    if (name === undefined || more.length > 0) throw new Error(`${place} holds no cache, or several`);
    return join(place, name);
  });
}

it("gives what the bundle exports, and keeps its code beside it", async () => {
  await writeFile(bundle, `${ID}module.exports = { sum: (a, b) => a + b, here: __filename, path: require("node:path").sep };`);

  const made = load() as { sum(a: number, b: number): number; here: string; path: string };

  expect([made.sum(1, 2), made.here, made.path]).toEqual([3, bundle, join("/", "")]);
  expect(await readFile(await kept())).not.toHaveLength(0);
});

it("runs the code that was kept, and not the text again", async () => {
  await writeFile(bundle, `${ID}module.exports = "first";`);
  load();
  await kept();
  // The same id and length: only the text says something else, and it is not compiled.
  await writeFile(bundle, `${ID}module.exports = "other";`);

  expect(load()).toBe("first");
});

it("takes no code of another bundle", async () => {
  await writeFile(bundle, `${ID}module.exports = "first";`);
  load();
  await kept();
  await writeFile(bundle, `${ID.replace("0", "1")}module.exports = "other";`);

  expect(load()).toBe("other");
  await eventually(async () => expect(await cachesIn(folder)).toHaveLength(2));
});

it("passes over code that is damaged, and keeps it anew", async () => {
  await writeFile(bundle, `${ID}module.exports = "whole";`);
  load();
  const cache = await kept();
  const whole = await readFile(cache);
  for (const damaged of [Buffer.alloc(0), whole.subarray(0, 100), Buffer.from(whole).fill(0x55, 80, 120)]) {
    await writeFile(cache, damaged);

    expect(load()).toBe("whole");
    await eventually(async () => {
      const now = await readFile(cache);
      expect(now.length).toBeGreaterThan(0);
      expect(now.subarray(0, now.length / 2).equals(now.subarray(now.length / 2))).toBe(true);
    });
  }
});

it("keeps the code in the user's cache folder where it cannot be kept beside the bundle", async () => {
  await writeFile(bundle, `${ID}module.exports = "first";`);
  load();
  const beside = await kept();
  await rm(beside);
  await mkdir(join(beside, "in the way"), { recursive: true });

  load();
  await kept(join(folder, "home", "signalbox"));
  await writeFile(bundle, `${ID}module.exports = "other";`);

  expect(load()).toBe("first");
});

it("loads what stands beside the bundle in the same way", async () => {
  await writeFile(join(folder, "second.cjs"), `${ID}module.exports = "second";`);
  await writeFile(bundle, `${ID}module.exports = require("./second.cjs");`);

  expect(load()).toBe("second");
  await eventually(async () => expect(await cachesIn(folder)).toHaveLength(2));
});

it("loads a bundle without an id as any other module", async () => {
  await writeFile(bundle, `module.exports = "plain";`);

  expect(load()).toBe("plain");
});
