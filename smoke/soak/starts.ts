/** One round of twenty bridges that start at once in a new repository. */
import assert from "node:assert/strict";
import { type Bridge, impurities, startBridge } from "../support/bridge.ts";
import { scratchFolder } from "../support/scratch.ts";
import { awaitSidecar, sidecarsUnder } from "../support/sidecar.ts";
import { eventually } from "../support/wait.ts";

const BRIDGES = 20;

/** Gives the sidecar that was left, in words. @throws AssertionError when there was another, or a bridge was not served */
export async function startTwenty(own: <Thing extends AsyncDisposable>(thing: Thing) => Thing): Promise<string> {
  const scratch = own(await scratchFolder());
  const repository = await scratch.repository("repository");
  const bridges: Bridge[] = Array.from({ length: BRIDGES }, () => startBridge(scratch, repository));
  try {
    const answers = await Promise.all(bridges.map((bridge) => bridge.call("who_is_working", {})));
    assert.equal(new Set(answers.map((answer) => answer["sidecar_uri"])).size, 1, "addresses that the bridges were given");
    const { pid, port } = await awaitSidecar(scratch, repository);
    await eventually("the end of the other sidecars", async () => ((await sidecarsUnder(scratch.folder)).length <= 1 ? true : undefined));
    assert.deepEqual(
      (await sidecarsUnder(scratch.folder)).map((sidecar) => sidecar.pid),
      [pid],
    );
    assert.deepEqual(
      bridges.flatMap(({ program }) => impurities(program)),
      [],
    );
    return `pid ${pid} at port ${port}`;
  } finally {
    await Promise.all(bridges.map((bridge) => bridge[Symbol.asyncDispose]()));
  }
}
