/**
 * A sidecar under a hail of frames, random and mutated, over several connections at once: it goes on, nobody else hears what
 * is not meant for it, and its log is whole.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { WebSocket } from "ws";
import type { Chance } from "../support/chance.ts";
import { decidedAgain } from "../support/decided-again.ts";
import { connectMpac, type MpacClient, type MpacFrame } from "../support/mpac-client.ts";
import { isRunning } from "../support/processes.ts";
import { scratchFolder } from "../support/scratch.ts";
import { derivedSession, startSidecarOf, storeFolder } from "../support/sidecar.ts";
import { eventually } from "../support/wait.ts";
import { createOwned } from "../../bench/support/owned.ts";
import type { Rounds } from "./campaign.ts";
import { hostileFrame, PEOPLE, sensible, type Voice } from "./hostile-frames.ts";

const ATTACKERS = ["ana", "bo", "cy", "dee"] as const;

/** Whom an attacker may be: whoever said GOODBYE may join again under any name but the coordinator's. */
const NAMES: readonly string[] = PEOPLE.filter((name) => !name.startsWith("service:"));

/** Frames of each attacker in one round. */
const FRAMES_OF_EACH = 2_500;

/** Frames that may wait in a socket of an attacker before it waits itself, in bytes. */
const MOST_UNSENT = 1024 * 1024;

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
          ATTACKERS.map((principal, index) => attack(draw, sidecar.uri, { principal, instance: `${principal}:${index}`, session })),
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

/** Says its frames, over a new connection whenever the last was ended; how often that was. */
async function attack(draw: Chance, uri: string, voice: Voice): Promise<number> {
  let ended = 0;
  let socket = await joined(draw, uri, voice);
  for (let said = 0; said < FRAMES_OF_EACH; said += 1) {
    if (socket.readyState !== WebSocket.OPEN) {
      ended += 1;
      socket = await joined(draw, uri, voice);
    }
    // Whoever has said GOODBYE is refused everything until it joins again.
    if (said % 20 === 0) socket.send(helloOf(draw, voice));
    socket.send(hostileFrame(draw, voice));
    if (socket.bufferedAmount > MOST_UNSENT || said % 100 === 99) await settled(socket);
  }
  await settled(socket);
  socket.terminate();
  return ended;
}

async function joined(draw: Chance, uri: string, voice: Voice): Promise<WebSocket> {
  const socket = new WebSocket(uri, { perMessageDeflate: false });
  socket.on("error", () => undefined);
  socket.on("message", () => undefined);
  await once(socket, "open");
  socket.send(helloOf(draw, voice));
  return socket;
}

function helloOf(draw: Chance, voice: Voice): string {
  const sender = { principal_id: voice.principal, sender_instance_id: voice.instance };
  return JSON.stringify({ ...sensible(draw, voice, "HELLO"), sender });
}

/** What was sent so far has been read: a ping comes back behind it. */
async function settled(socket: WebSocket): Promise<void> {
  if (socket.readyState !== WebSocket.OPEN) return;
  const answered = Promise.race([once(socket, "pong"), once(socket, "close")]);
  socket.ping();
  await answered;
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
    assert.ok(isCoordinator || NAMES.includes(from) || from === "bystander", `${String(frame.message_type)} from ${from}`);
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

/** A message of somebody who did nothing is carried out as if nothing were. */
async function stillServed(bystander: MpacClient): Promise<void> {
  const name = `beside-${Date.now()}`;
  // Of a kind that nobody can lock: an attacker may hold every file there is.
  const scope = { kind: "task_set", task_ids: [name] };
  const announced = await bystander.outcome(
    bystander.send("INTENT_ANNOUNCE", { intent_id: name, objective: "beside", scope, ttl_sec: 60 }),
  );
  assert.equal(announced.message_type, "INTENT_ANNOUNCE", JSON.stringify(announced.payload));
  await bystander.outcome(bystander.send("INTENT_WITHDRAW", { intent_id: name }));
}

async function memoryOf(pid: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const status = await eventually("the memory of the sidecar", async () => readFile(`/proc/${pid}/status`, "utf8").catch(() => ""));
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
}
