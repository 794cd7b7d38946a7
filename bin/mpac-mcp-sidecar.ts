#!/usr/bin/env node
/** `mpac-mcp-sidecar`: the name that users of the original tools know for `signalbox sidecar`. */
import { runSidecar } from "../src/cli/sidecar-bundle.ts";

void runSidecar([...process.argv.slice(0, 2), "sidecar", ...process.argv.slice(2)]);
