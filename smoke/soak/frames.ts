/**
 * A sidecar under a hail of frames, random and mutated, over several connections at once: it goes on, nobody else hears what
 * is not meant for it, and its log is whole.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Chance } from "../support/chance.ts";
import { decidedAgain } from "../support/decided-again.ts";
import { connectMpac, type MpacClient, type MpacFrame } from "../support/mpac-client.ts";
import { isRunning } from "../support/processes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { derivedSession, startSidecarOf, storeFolder } from "../support/sidecar.ts";
import { createOwned } from "../../bench/support/owned.ts";
import { attack, memoryOf, stillServed, WHO_MAY_SPEAK } from "./attack.ts";
import type { Rounds } from "./campaign.ts";

const ATTACKERS = ["ana", "bo", "cy", "dee"] as const;

/** Frames of each attacker in one round. */
const FRAMES_OF_EACH = 2_500;

/** Memory that a sidecar may have at the end of a round, in kB: what is live grows with what attackers hold, and not with frames. */
const MOST_MEMORY_KB = 700_000;

export async function startFrames(draw: Chance): Promise<Rounds> {
  const owned = createOwned();
  try {
    const scratch = owned.use(await scratchFolder());
    const workspace = await scratch.repository("main", { "src/a.ts": "a\n", "src/b.ts": "b\n" });
    const sidecar = owned.use(await startSidecarOf(scratch, workspace));
    const session = derivedSession(workspace);
    const bystander = owned.use(await connectMpac(sidecar.uri, "bystander"));
    await bystander.join();
    const onlooker = owned.use(await connectMpac(sidecar.uri, "onlooker"));
    let frames = 0;
    let closed = 0;
    let heard = 0;

    return {
      async round() {
        const told = await Promise.all(
          ATTACKERS.map((principal, index) =>
            attack(draw, sidecar.uri, { principal, instance: `${principal}:${index}`, session }, { frames: FRAMES_OF_EACH }),
          ),
        );
        frames += ATTACKERS.length * FRAMES_OF_EACH;
        closed += told.reduce((sum, times) => sum + times, 0);
        heard += checkHeard(bystander, session);
        await stillServed(bystander);
        assert.deepEqual(onlooker.frames, [], "who has not joined hears nothing");
        assert.ok(await isRunning(sidecar.pid), "the sidecar runs");
        assert.ok((await memoryOf(sidecar.pid)) < MOST_MEMORY_KB, `${await memoryOf(sidecar.pid)} kB`);
        return `${frames} frames, ${closed} connections ended, ${heard} messages heard beside them, ${await memoryOf(sidecar.pid)} kB`;
      },
      async finish() {
        await sidecar[Symbol.asyncDispose]();
        const records = await decidedAgain(join(await storeFolder(scratch, workspace), "log.db"), session);
        return `${frames} frames, ${closed} connections ended, ${heard} messages heard beside them; ${records} records decided again`;
      },
      [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
    };
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

const ENVELOPE = ["protocol", "version", "message_type", "message_id", "session_id", "sender", "ts", "payload"] as const;

/** Everything that came in between is a whole envelope of somebody who may speak, or a frame beside the specification. */
function checkHeard(bystander: MpacClient, session: string): number {
  const heard = (bystander.frames as MpacFrame[]).splice(0);
  for (const frame of heard) {
    if (frame.type !== undefined && frame.message_type === undefined) {
      assert.equal(frame.type, "FILE_UPDATED");
      continue;
    }
    const from = frame.sender?.principal_id ?? "";
    const isCoordinator = from === `service:coordinator-${session}`;
    assert.ok(isCoordinator || WHO_MAY_SPEAK.includes(from) || from === "bystander", `${String(frame.message_type)} from ${from}`);
    if (!isCoordinator) continue;
    assert.deepEqual(
      ENVELOPE.filter((member) => !(member in frame)),
      [],
    );
    const refersTo = frame.payload?.["refers_to"];
    const isRefusal = frame.message_type === "PROTOCOL_ERROR" && typeof refersTo === "string" && refersTo.startsWith("m-");
    assert.ok(!isRefusal, `a refusal of somebody else's message: ${JSON.stringify(frame.payload)}`);
  }
  return heard.length;
}
