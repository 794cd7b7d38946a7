#!/usr/bin/env node
/** `mpac-mcp`: the name that users of the original tools know for `signalbox mcp`. */
import { runBridge } from "../src/cli/bridge-bundle.ts";

void runBridge(process.argv.slice(2));
