/**
 * Who may import whom: a row for each folder, and every import of the source held against its row.
 *
 * A lint rule whose glob matches nothing is off without a word, so this reads the files itself, fails when it saw none,
 * and judges imports that must be refused, so that a row that lets everything through is red.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import reasons from "../.config/dependencies.json" with { type: "json" };

interface Row {
  /** Paths under `src`; one that ends in `/` allows what is under it, `type ` before it allows types only. */
  readonly folders: readonly string[];
  /** Packages; `node:` allows what Node brings. */
  readonly packages: readonly string[];
}

const SURROUNDINGS = ["config.ts", "config/", "log.ts", "short-id.ts", "version.ts"];
const LOCAL = ["client/", "tools/", "mcp/", "git/", "wire/", ...SURROUNDINGS];
const DEPENDENCIES = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
const ANYTHING: Row = { folders: [""], packages: ["node:", ...DEPENDENCIES] };

const ROWS: Readonly<Record<string, Row>> = {
  wire: { folders: [], packages: ["zod"] },
  core: { folders: ["wire/"], packages: [] },
  store: { folders: ["wire/"], packages: ["node:", "better-sqlite3"] },
  engine: { folders: ["core/", "store/store.ts", "store/errors.ts", "wire/"], packages: ["node:", "canonicalize"] },
  git: { folders: ["wire/"], packages: ["node:", "simple-git"] },
  edge: {
    folders: [
      "engine/",
      "wire/",
      "type core/",
      "core/session/read.ts",
      "core/board/read.ts",
      "core/mail/read.ts",
      "core/mcp/read.ts",
      "tools/",
      "mcp/",
      "edge/http/",
      ...SURROUNDINGS,
    ],
    packages: ["node:", "ws", "hono", "@hono/node-server", "@modelcontextprotocol/server", "jose", "zod"],
  },
  tools: { folders: ["wire/"], packages: ["zod"] },
  mcp: { folders: ["tools/", "wire/", "version.ts"], packages: ["node:", "@modelcontextprotocol/server"] },
  client: { folders: ["wire/"], packages: ["node:", "ws"] },
  bridge: { folders: LOCAL, packages: ["node:", "@modelcontextprotocol/server"] },
  adapter: { folders: ["client/", "wire/", ...SURROUNDINGS], packages: ["node:"] },
  cli: {
    folders: [...LOCAL, "adapter/", "bridge/main.ts", "bridge/find-sidecar.ts", "bridge/spawn-sidecar.ts"],
    packages: ["node:", "commander", "@modelcontextprotocol/sdk", "diff", "jsonc-parser"],
  },
  bin: { folders: ["cli/"], packages: [] },
  app: ANYTHING,
  "index.ts": { ...ANYTHING, packages: [] },
  "config.ts": { folders: ["config/"], packages: [] },
  config: { folders: ["wire/", "log.ts"], packages: ["node:", "zod"] },
  "log.ts": { folders: [], packages: ["node:", "pino"] },
  "short-id.ts": { folders: [], packages: ["node:"] },
  "version.ts": { folders: [], packages: [] },
};

/** The commands that run or repair the sidecar itself. */
const COMMANDS_WITH_APP = /^cli\/(sidecar|broker|audit|transcript|doctor|store)\b/;
const FOR_TESTS = /\.(test|contract|fixture)\.|(^|\/)testing(\.ts$|\/)/;
/** What tests of outer folders run against instead of a stand-in. */
const COLLABORATORS: Readonly<Record<string, readonly string[]>> = {
  engine: ["store/"],
  edge: ["store/", "core/", "app/"],
  bridge: ["app/"],
  cli: ["app/", "store/sqlite-driver.ts"],
};

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

/** The imports of a source text; what only looks like one, in a string or a comment, is passed over. */
function importsIn(source: string): Import[] {
  const statements = source.matchAll(/^[ \t]*(?:import|export)\b([^;"'`()]*?)\bfrom\s*["']([^"'\n]+)["']/gm);
  const bare = source.matchAll(/^[ \t]*import\s*["']([^"'\n]+)["']/gm);
  const called = source.matchAll(/^(?![ \t]*(?:\*|\/\/)).*?(?<!["'`])\b(?:import|require)\(\s*["']([^"'\n]+)["']/gm);
  return [
    ...Array.from(statements, ([, clause = "", from = ""]) => ({ from, typeOnly: /^\s+type\b/.test(clause) })),
    ...[...bare, ...called].map(([, from = ""]) => ({ from, typeOnly: false })),
  ];
}

/** The row of a file: its folder's, or its own when it lies in `src` itself. */
const areaOf = (file: string) => file.split("/")[0] ?? "";
/** An edge is a folder of `edge`, and each is a stranger to the others. */
const homeOf = (file: string) => (areaOf(file) === "edge" ? file.split("/").slice(0, 2).join("/") : areaOf(file));

/**
 * Whether `file` may make this import.
 *
 * @param file - under `src`, or `bin/…`
 */
function isAllowed(file: string, { from, typeOnly }: Import): boolean {
  const area = areaOf(file);
  const row = FOR_TESTS.test(file) && !file.includes("/") ? ANYTHING : ROWS[area];
  if (row === undefined) return false;
  const isTest = FOR_TESTS.test(file);
  if (!from.startsWith("."))
    return isTest || row.packages.some((name) => from === name || from.startsWith(name === "node:" ? name : `${name}/`));

  const target = join(area === "bin" ? "" : "src", dirname(file), from);
  if (!target.startsWith("src/")) return isTest;
  const path = target.slice("src/".length);
  if (homeOf(path) === homeOf(file)) return isTest || !FOR_TESTS.test(path);
  const allowed = [...row.folders, ...(isTest ? (COLLABORATORS[area] ?? []) : []), ...(COMMANDS_WITH_APP.test(file) ? ["app/"] : [])];
  return allowed
    .filter((entry) => typeOnly || !entry.startsWith("type "))
    .map((entry) => entry.replace("type ", ""))
    .some((entry) => (entry === "" || entry.endsWith("/") ? path.startsWith(entry) : path === entry) && (isTest || !FOR_TESTS.test(path)));
}

const root = join(import.meta.dirname, "..");
const filesUnder = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"));
const files = [...filesUnder("src"), ...filesUnder("bin").map((path) => `bin/${path}`)];
const seen = files.map((file) => ({ file, source: readFileSync(join(root, file.startsWith("bin/") ? "" : "src", file), "utf8") }));
const imports = seen.flatMap(({ file, source }) => importsIn(source).map((made) => ({ file, ...made })));

it("saw files in each folder, and an import in each file that has one", () => {
  const folders = new Set(files.filter((file) => file.includes("/")).map(areaOf));

  expect([...folders]).toEqual(expect.arrayContaining(["wire", "core", "store", "engine", "git", "edge", "tools", "client", "cli", "bin"]));
  expect([...folders].filter((folder) => ROWS[folder] === undefined)).toEqual([]);
  expect(seen.filter(({ source }) => /^import /m.test(source) && importsIn(source).length === 0).map(({ file }) => file)).toEqual([]);
});

it("finds every import inside its row", () => {
  const broken = imports.filter(({ file, ...made }) => !isAllowed(file, made)).map(({ file, from }) => `${file} imports ${from}`);

  expect(broken).toEqual([]);
});

it.each(["bridge", "cli"])("keeps the MCP SDK of %s in one file", (area) => {
  const inSdk = imports.filter(
    ({ file, from }) => areaOf(file) === area && !FOR_TESTS.test(file) && from.startsWith("@modelcontextprotocol/"),
  );

  expect(new Set(inSdk.map(({ file }) => file)).size).toBeLessThanOrEqual(1);
});

it("keeps the MCP SDK of the sidecar in one edge, and out of what says what is answered", () => {
  const inSdk = new Set(
    imports.filter(({ file, from }) => !FOR_TESTS.test(file) && from.startsWith("@modelcontextprotocol/")).map(({ file }) => file),
  );

  expect([...inSdk].filter((file) => areaOf(file) === "edge" && homeOf(file) !== "edge/mcp")).toEqual([]);
  expect(["mcp/face.ts", "mcp/face-of-tools.ts", "mcp/request-state.ts"].filter((file) => inSdk.has(file))).toEqual([]);
  expect(inSdk).toContain("mcp/make-server.ts");
});

it("has a reason for each dependency, and each reason its dependency", () => {
  expect(DEPENDENCIES.toSorted()).toEqual(Object.keys(reasons).sort());
});

describe("what must be refused", () => {
  it.each([
    ["wire/ids.ts", "node:crypto"],
    ["wire/ids.ts", "../core/aggregate.ts"],
    ["core/scope/path.ts", "node:fs/promises"],
    ["core/scope/path.ts", "zod"],
    ["core/scope/path.ts", "../../engine/engine.ts"],
    ["core/scope/path.ts", "../../git/head.ts"],
    ["store/memory.ts", "../core/aggregate.ts"],
    ["store/memory.ts", "../engine/engine.ts"],
    ["engine/engine.ts", "../store/memory.ts"],
    ["engine/engine.ts", "better-sqlite3"],
    ["engine/engine.ts", "../edge/mpac/frames.ts"],
    ["engine/engine.ts", "../log.ts"],
    ["git/head.ts", "../engine/engine.ts"],
    ["edge/mpac/frames.ts", "../ops/health.ts"],
    ["edge/http/server.ts", "../mpac/frames.ts"],
    ["edge/mpac/frames.ts", "../../store/store.ts"],
    ["edge/mpac/frames.ts", "../../core/session/state.ts"],
    ["edge/mpac/frames.ts", "../../git/head.ts"],
    ["edge/mcp/serve.ts", "@modelcontextprotocol/sdk/server/index.js"],
    ["tools/tool.ts", "@modelcontextprotocol/server"],
    ["tools/tool.ts", "node:crypto"],
    ["tools/tool.ts", "../core/scope/path.ts"],
    ["client/link.ts", "../git/head.ts"],
    ["client/link.ts", "hono"],
    ["bridge/main.ts", "../app/sidecar.ts"],
    ["bridge/main.ts", "../store/store.ts"],
    ["cli/status.ts", "../app/sidecar.ts"],
    ["cli/status.ts", "../engine/engine.ts"],
    ["cli/status.ts", "../bridge/coordination.ts"],
    ["bin/signalbox.ts", "../src/app/sidecar.ts"],
    ["config.ts", "./app/sidecar.ts"],
    ["version.ts", "../package.json"],
    ["stray/new.ts", "zod"],
    ["engine/engine.ts", "./engine.fixture.ts"],
    ["core/scope/path.test.ts", "../../engine/engine.ts"],
    ["git/head.test.ts", "../app/sidecar.ts"],
  ])("%s importing %s", (file, from) => {
    expect(isAllowed(file, { from, typeOnly: false })).toBe(false);
  });
});

it("reads each way to import and nothing that only looks like one", () => {
  const source = [
    'import "a";',
    'import type { A } from "b";',
    "import {\n  c,\n} from 'c';",
    'export * from "d";',
    'const e = await import("e");',
    'type F = import("f").F;',
    "const text = 'import x from \"no\"';",
    "const other = \"import('no')\";",
    ' * import x from "no";',
    '// import("no")',
    'const note = `taken from "no"`;',
  ].join("\n");

  expect(
    importsIn(source)
      .map(({ from }) => from)
      .sort(),
  ).toEqual(["a", "b", "c", "d", "e", "f"]);
  expect(importsIn(source).filter(({ typeOnly }) => typeOnly)).toEqual([{ from: "b", typeOnly: true }]);
});
