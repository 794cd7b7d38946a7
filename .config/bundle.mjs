/**
 * Makes two files of the stdio bridge, and the launchers executable. Runs after the compiler.
 *
 * `dist/bridge.cjs` starts and answers `initialize` and `tools/list`; `dist/bridge-tools.cjs` holds the handlers and is
 * loaded by the first `import("./tools.ts")` of the bridge. `src/bridge/rendered.ts` (definitions of the tools,
 * instructions) is run here, once, and stands in the bundle as what it gave. A class that is in both files is two
 * classes: what crosses from one to the other is told apart by its name or code, not by `instanceof`.
 */
import { chmod } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

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
    plugins: [lazyTools, rendered],
    metafile: true,
    logLevel: "warning",
  });
  if (made.warnings.length > 0) throw new Error(`${outfile} was bundled with ${made.warnings.length} warnings`);
  return Object.keys(made.metafile.inputs);
}

for (const name of ["signalbox", "mpac-mcp", "mpac-mcp-sidecar"]) await chmod(join(root, "dist", "bin", `${name}.js`), 0o755);

const [first] = await Promise.all([
  bundle("src/bridge/main.ts", "dist/bridge.cjs"),
  bundle("src/bridge/tools.ts", "dist/bridge-tools.cjs"),
]);
const heavy = first.filter((input) =>
  /^src\/(tools\/|bridge\/tools\.ts)|node_modules\/(@modelcontextprotocol\/sdk|express|hono|better-sqlite3|commander)\//.test(input),
);
if (heavy.length > 0) throw new Error(`dist/bridge.cjs must start without ${heavy.join(", ")}`);
