/** One attacker at work: frame after frame, over a new connection whenever the last was ended; and what is looked at beside it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { WebSocket } from "ws";
import type { Chance } from "../support/chance.ts";
import type { Members, MpacClient } from "../support/mpac-client.ts";
import { eventually } from "../support/wait.ts";
import { type HostileFrame, hostileFrame, PEOPLE, sensible, type Voice } from "./hostile-frames.ts";

/** Whom an attacker may be: whoever said GOODBYE may join again under any name but the coordinator's. */
export const WHO_MAY_SPEAK: readonly string[] = PEOPLE.filter((name) => !name.startsWith("service:"));

/** Frames that may wait in a socket of an attacker before it waits itself, in bytes. */
const MOST_UNSENT = 1024 * 1024;

export interface Attack {
  /** How many frames it says, beside every twentieth time a HELLO. */
  readonly frames: number;
  /** What its HELLO says beyond the usual. */
  readonly hello?: () => Members;
  /** What becomes of each frame before it goes out. */
  readonly written?: (frame: HostileFrame) => HostileFrame;
}

/** Says its frames; how often its connection was ended meanwhile. */
export async function attack(draw: Chance, uri: string, voice: Voice, plan: Attack): Promise<number> {
  const { frames, hello = () => ({}), written = (frame) => frame } = plan;
  const greeting = (): HostileFrame => written(helloOf(draw, voice, hello()));
  let ended = 0;
  let socket = await joined(uri, greeting());
  for (let said = 0; said < frames; said += 1) {
    if (socket.readyState !== WebSocket.OPEN) {
      ended += 1;
      socket = await joined(uri, greeting());
    }
    // Whoever has said GOODBYE is refused everything until it joins again.
    if (said % 20 === 0) socket.send(greeting());
    socket.send(written(hostileFrame(draw, voice)));
    if (socket.bufferedAmount > MOST_UNSENT || said % 100 === 99) await settled(socket);
  }
  await settled(socket);
  socket.terminate();
  return ended;
}

async function joined(uri: string, greeting: HostileFrame): Promise<WebSocket> {
  const socket = new WebSocket(uri, { perMessageDeflate: false });
  socket.on("error", () => undefined);
  socket.on("message", () => undefined);
  await once(socket, "open");
  socket.send(greeting);
  return socket;
}

function helloOf(draw: Chance, voice: Voice, more: Members): string {
  const sender = { principal_id: voice.principal, sender_instance_id: voice.instance };
  const message = sensible(draw, voice, "HELLO");
  return JSON.stringify({ ...message, sender, payload: { ...(message["payload"] as Members), ...more } });
}

/** What was sent so far has been read: a ping comes back behind it. */
async function settled(socket: WebSocket): Promise<void> {
  if (socket.readyState !== WebSocket.OPEN) return;
  const over = new AbortController();
  const { signal } = over;
  const answered = Promise.race([once(socket, "pong", { signal }), once(socket, "close", { signal })]);
  socket.ping();
  await answered.finally(() => over.abort());
}

/** A message of somebody who did nothing is carried out as if nothing were. */
export async function stillServed(bystander: MpacClient): Promise<void> {
  const name = `beside-${Date.now()}`;
  // Of a kind that nobody can lock: an attacker may hold every file there is.
  const scope = { kind: "task_set", task_ids: [name] };
  const announced = await bystander.outcome(
    bystander.send("INTENT_ANNOUNCE", { intent_id: name, objective: "beside", scope, ttl_sec: 60 }),
  );
  assert.equal(announced.message_type, "INTENT_ANNOUNCE", JSON.stringify(announced.payload));
  await bystander.outcome(bystander.send("INTENT_WITHDRAW", { intent_id: name }));
}

/** Of a process, in kB. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await eventually("the memory of the sidecar", async () => readFile(`/proc/${pid}/status`, "utf8").catch(() => ""));
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
}
