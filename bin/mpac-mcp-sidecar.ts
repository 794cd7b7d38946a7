#!/usr/bin/env node
/** `mpac-mcp-sidecar`: the name that users of the original tools know for `signalbox sidecar`. */
import { run } from "../src/cli/main.ts";

await run([...process.argv.slice(0, 2), "sidecar", ...process.argv.slice(2)]);
