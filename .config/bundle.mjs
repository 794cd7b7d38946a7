/**
 * Makes two files of the stdio bridge, one of the sidecar with the panel's page in it and one of each launcher, brings the guard's
 * script and the licences of what is bundled along, and keeps the code that bridge and sidecar start from. Runs after the compiler.
 *
 * `dist/bridge.cjs` starts and answers `initialize` and `tools/list`; `dist/bridge-tools.cjs` holds the handlers and is
 * loaded by the first `import("./tools.ts")` of the bridge. `src/bridge/rendered.ts` (definitions of the tools,
 * instructions) is run here, once, and stands in the bundle as what it gave. A class that is in both files is two
 * classes: what crosses from one to the other is told apart by its name or code, not by `instanceof`. `dist/sidecar.cjs` is
 * the command line with the one command that a bridge starts; its names are left as they are, for the sake of stack traces.
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
import { licensesOf } from "./licenses.mjs";

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

/** The panel's page: its script is one classic file for browsers, the rest goes in as it lies there. */
async function pageText() {
  const folder = join(root, "src", "edge", "dashboard", "page");
  const read = (name) => readFile(join(folder, name), "utf8");
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(folder, "main.ts")],
    bundle: true,
    write: false,
    platform: "browser",
    target: "es2022",
    format: "iife",
    logLevel: "warning",
  });
  const [html, css, icon] = await Promise.all([read("index.html"), read("style.css"), read("icon.svg")]);
  return `export const assets = ${JSON.stringify({ html, css, script: outputFiles[0].text, icon })};\n`;
}

/** Puts the page into whatever serves it. */
const withPage = {
  name: "with-page",
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/]src[\\/]edge[\\/]dashboard[\\/]assets\.ts$/ }, async () => ({
      contents: await pageText(),
      loader: "js",
    }));
  },
};

/** Bundles are read by src/cli/code-cache.ts; `options` say how one differs from the others. */
async function bundle(entry, outfile, options) {
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
    legalComments: "linked",
    banner: { js: '"use strict";const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    define: { "import.meta.url": "bundleUrl" },
    metafile: true,
    logLevel: "warning",
    ...options,
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

/** What a sidecar loads by itself, from the file that it runs from: it is evaluated when it is asked for. */
const LATER = ["src/cli/sidecar.ts", "src/app/mcp.ts", "src/app/visitors.ts"].map((file) => join(root, file));

/** What a launcher loads when it is asked for something else than bridge or sidecar stays as the compiler made it. */
const compiled = {
  name: "compiled",
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ kind, path, resolveDir }) => {
      if (kind !== "dynamic-import" || LATER.includes(join(resolveDir, path))) return undefined;
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
    ...asIfIn("/../src/cli"),
    plugins: [compiled],
    logLevel: "warning",
  });
}

/** For modules that find other files from where the compiler put them. */
function asIfIn(folder) {
  return {
    banner: { js: `"use strict";const moduleUrl = require("node:url").pathToFileURL(__dirname + "${folder}/bundled.js").href;` },
    define: { "import.meta.url": "moduleUrl" },
  };
}

/**
 * Lets bridge and sidecar start once, so that they keep their code for this Node; any other keeps its own at its first start.
 * Where they run there is no repository, so the bridge has nothing to join, and the sidecar a folder that is removed.
 */
async function cacheCode() {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-build-"));
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir(), XDG_STATE_HOME: folder, XDG_RUNTIME_DIR: folder, LOCALAPPDATA: folder };
  const start = (name, args, stdio) =>
    spawn(process.execPath, [join(root, "dist", "bin", `${name}.js`), ...args], { cwd: folder, env, stdio });
  const sidecar = start("mpac-mcp-sidecar", ["--workspace", folder, "--port", "0"], ["ignore", "ignore", "ignore"]);
  const bridge = start("mpac-mcp", [], ["pipe", "ignore", "inherit"]);
  const ended = Promise.all([sidecar, bridge].map((child) => new Promise((resolve) => child.once("exit", resolve))));
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "build", version: "1" } };
  for (const message of [{ id: 1, method: "initialize", params }, { method: "notifications/initialized" }, { id: 2, method: "tools/list" }])
    bridge.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const cached = async () => (await readdir(join(root, "dist"))).filter((name) => name.endsWith(".cache"));
  for (const until = Date.now() + 30_000; (await cached()).length < 3; await pause(50))
    if (Date.now() > until) throw new Error("the built program has kept no code within 30 s");
  bridge.stdin.end();
  sidecar.kill("SIGTERM");
  await ended;
  await rm(folder, { recursive: true });
}

await writeFile(join(root, "dist", "bin", "package.json"), '{ "type": "commonjs" }\n');
await Promise.all(["signalbox", "mpac-mcp", "mpac-mcp-sidecar", "peerbus"].map(launcher));
await copyFile(join(root, "bin", "signalbox-guard.sh"), join(root, "dist", "bin", "signalbox-guard.sh"));
for (const name of ["signalbox.js", "mpac-mcp.js", "mpac-mcp-sidecar.js", "peerbus.js", "signalbox-guard.sh"]) {
  await chmod(join(root, "dist", "bin", name), 0o755);
}

await writeFile(join(root, "dist", "src", "edge", "dashboard", "assets.js"), await pageText());

const [first, ...rest] = await Promise.all([
  bundle("src/bridge/main.ts", "dist/bridge.cjs", { minifyWhitespace: true, plugins: [lazyTools, rendered, leanSdk] }),
  bundle("src/bridge/tools.ts", "dist/bridge-tools.cjs", { minifyWhitespace: true }),
  bundle("src/cli/main.ts", "dist/sidecar.cjs", {
    ...asIfIn("/src/cli"),
    minifyWhitespace: true,
    external: ["better-sqlite3"],
    plugins: [compiled, withPage, leanSdk],
  }),
]);
const heavy = first.filter((input) =>
  /^src\/(tools\/(?!(selection|instructions)\.ts)|bridge\/tools\.ts)|node_modules\/(@modelcontextprotocol\/sdk|express|hono|better-sqlite3|commander)\//.test(
    input,
  ),
);
if (heavy.length > 0) throw new Error(`dist/bridge.cjs must start without ${heavy.join(", ")}`);

await writeFile(join(root, "dist", "LICENSES.txt"), await licensesOf(root, [first, ...rest].flat()));
await cacheCode();
