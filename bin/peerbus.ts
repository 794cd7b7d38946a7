#!/usr/bin/env node
/** `peerbus`: the name that users of the original know for `signalbox broker` and `signalbox adapter`. */
void import("../src/cli/peerbus.ts").then(({ run }) => run(process.argv));
