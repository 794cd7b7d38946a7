/**
 * Makes two files of the stdio bridge and one of each launcher, brings the guard's script along, and keeps the code that the
 * bridge starts from. Runs after the compiler.
 *
 * `dist/bridge.cjs` starts and answers `initialize` and `tools/list`; `dist/bridge-tools.cjs` holds the handlers and is
 * loaded by the first `import("./tools.ts")` of the bridge. `src/bridge/rendered.ts` (definitions of the tools,
 * instructions) is run here, once, and stands in the bundle as what it gave. A class that is in both files is two
 * classes: what crosses from one to the other is told apart by its name or code, not by `instanceof`.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { leanSdk } from "./lean-sdk.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The seam: handlers stay out of the first file. */
const lazyTools = {
  name: "lazy-tools",
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\/tools\.ts$/ }, ({ kind, resolveDir }) =>
      kind === "dynamic-import" && resolveDir === join(root, "src", "bridge") ? { path: "./bridge-tools.cjs", external: true } : undefined,
    );
  },
};

/** Every export of `src/bridge/rendered.ts` as a literal. */
const rendered = {
  name: "rendered",
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/]src[\\/]bridge[\\/]rendered\.ts$/ }, async () => {
      const made = await import(pathToFileURL(join(root, "dist", "src", "bridge", "rendered.js")).href);
      const literals = Object.entries(made).map(([name, value]) => {
        const json = JSON.stringify(value);
        if (json === undefined) throw new Error(`src/bridge/rendered.ts exports ${name}, which JSON cannot say`);
        return `export const ${name} = ${json};`;
      });
      return { contents: literals.join("\n"), loader: "js" };
    });
  },
};

async function bundle(entry, outfile) {
  const made = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "cjs",
    // `import()` of the other bundle becomes `require`, which does not wake the loader of ES modules.
    supported: { "dynamic-import": false },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "linked",
    banner: { js: '"use strict";const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    define: { "import.meta.url": "bundleUrl" },
    plugins: [lazyTools, rendered, leanSdk],
    metafile: true,
    logLevel: "warning",
  });
  if (made.warnings.length > 0) throw new Error(`${outfile} was bundled with ${made.warnings.length} warnings`);
  await beginWithId(join(root, outfile));
  return Object.keys(made.metafile.inputs);
}

/** The id by which src/cli/code-cache.ts tells one bundle from another. */
async function beginWithId(file) {
  const text = await readFile(file, "utf8");
  const id = createHash("sha256").update(text).digest("hex").slice(0, 16);
  await writeFile(file, `/*${id}*/${text}`);
}

/** What a launcher loads when it is asked for more than the bridge stays as the compiler made it. */
const compiled = {
  name: "compiled",
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ kind, path, resolveDir }) => {
      if (kind !== "dynamic-import") return undefined;
      const file = join("..", join(resolveDir, path).slice(root.length)).replaceAll("\\", "/").replace(/\.ts$/, ".js");
      return { path: file, external: true };
    });
  },
};

/** A launcher is CommonJS: the loader of ES modules takes a third of the time that Node takes to start. */
async function launcher(name) {
  const outfile = join(root, "dist", "bin", `${name}.js`);
  await build({
    absWorkingDir: root,
    entryPoints: [`bin/${name}.ts`],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20.19",
    format: "cjs",
    minifySyntax: true,
    sourcemap: true,
    // Where the compiler put the modules that it is made of.
    banner: { js: '"use strict";const moduleUrl = require("node:url").pathToFileURL(`${__dirname}/../src/cli/launched.js`).href;' },
    define: { "import.meta.url": "moduleUrl" },
    plugins: [compiled],
    logLevel: "warning",
  });
}

/**
 * Lets the built bridge answer once, so that it keeps its code for this Node; any other keeps its own at its first start.
 * Where it runs there is no repository, so it has nothing to join.
 */
async function cacheCode() {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-build-"));
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() };
  const bridge = spawn(process.execPath, [join(root, "dist", "bin", "mpac-mcp.js")], {
    cwd: folder,
    env,
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => bridge.once("exit", resolve));
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "build", version: "1" } };
  for (const message of [{ id: 1, method: "initialize", params }, { method: "notifications/initialized" }, { id: 2, method: "tools/list" }])
    bridge.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const cached = async () => (await readdir(join(root, "dist"))).filter((name) => name.endsWith(".cache"));
  for (const until = Date.now() + 30_000; (await cached()).length < 2; await pause(50))
    if (Date.now() > until) throw new Error("the built bridge has kept no code within 30 s");
  bridge.stdin.end();
  await ended;
  await rm(folder, { recursive: true });
}

await writeFile(join(root, "dist", "bin", "package.json"), '{ "type": "commonjs" }\n');
await Promise.all(["signalbox", "mpac-mcp", "mpac-mcp-sidecar"].map(launcher));
await copyFile(join(root, "bin", "signalbox-guard.sh"), join(root, "dist", "bin", "signalbox-guard.sh"));
for (const name of ["signalbox.js", "mpac-mcp.js", "mpac-mcp-sidecar.js", "signalbox-guard.sh"]) {
  await chmod(join(root, "dist", "bin", name), 0o755);
}

const [first] = await Promise.all([
  bundle("src/bridge/main.ts", "dist/bridge.cjs"),
  bundle("src/bridge/tools.ts", "dist/bridge-tools.cjs"),
]);
const heavy = first.filter((input) =>
  /^src\/(tools\/|bridge\/tools\.ts)|node_modules\/(@modelcontextprotocol\/sdk|express|hono|better-sqlite3|commander)\//.test(input),
);
if (heavy.length > 0) throw new Error(`dist/bridge.cjs must start without ${heavy.join(", ")}`);

await cacheCode();
