#!/usr/bin/env node
/** `signalbox`: the bridge straight from its bundle, because a coding client starts it for every session; the rest through the CLI. */
import { runBridge } from "../src/cli/bridge-bundle.ts";

if (process.argv[2] === "mcp") await runBridge(process.argv.slice(3));
else await (await import("../src/cli/main.ts")).run(process.argv);
