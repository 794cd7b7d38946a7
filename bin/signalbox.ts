#!/usr/bin/env node
/** `signalbox`: bridge and sidecar straight from their bundles, because a person waits for them; the rest through the CLI. */
import { runBridge } from "../src/cli/bridge-bundle.ts";
import { runSidecar } from "../src/cli/sidecar-bundle.ts";

const [, , command, ...args] = process.argv;
if (command === "mcp") void runBridge(args);
else if (command === "sidecar") void runSidecar(process.argv);
else void import("../src/cli/main.ts").then(({ run }) => run(process.argv));
