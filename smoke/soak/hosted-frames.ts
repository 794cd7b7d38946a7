/**
 * A hosted sidecar under a hail of frames, in many sessions at once: whoever is beside the attackers hears their own session and
 * no other, a stranger hears nothing, no token comes back from anywhere, and each log is whole.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Chance } from "../support/chance.ts";
import { decidedAgain } from "../support/decided-again.ts";
import { connectMpac, type Members, type MpacClient, type MpacFrame } from "../support/mpac-client.ts";
import { isRunning, startNode } from "../support/processes.ts";
import { launcher } from "../support/program.ts";
import { scratchFolder } from "../support/scratch.ts";
import { createOwned } from "../../bench/support/owned.ts";
import { attack, memoryOf, stillServed, WHO_MAY_SPEAK } from "./attack.ts";
import type { Rounds } from "./campaign.ts";
import type { HostileFrame } from "./hostile-frames.ts";

const ROOMS = ["room1", "room2", "room3", "room4", "room5", "room6", "room7", "room8"] as const;
type Room = (typeof ROOMS)[number];
const ATTACKERS = ["ana", "bo"] as const;

/** Frames of each attacker in one round: with its HELLOs as many as a connection from elsewhere may say at once. */
const FRAMES_OF_EACH = 1_850;

/** Memory that it may have at the end of a round, in kB: eight sessions of what attackers hold, whatever number of frames it was. */
const MOST_MEMORY_KB = 900_000;

const tokenOf = (who: "attacker" | "bystander", room: Room): string => `token-of-${who}-in-${room}-5b1d`;
const TOKENS = ROOMS.flatMap((room) => [tokenOf("attacker", room), tokenOf("bystander", room)]);
const TABLE = JSON.stringify(
  Object.fromEntries(
    ROOMS.flatMap((room) => [
      [tokenOf("attacker", room), { allowed_sessions: [room], roles: ["contributor", "owner", "arbiter"] }],
      [tokenOf("bystander", room), { allowed_sessions: [room], roles: ["contributor"] }],
    ]),
  ),
);

const bearer = (token: string): Members => ({ credential: { type: "bearer_token", value: token } });

export async function startHostedFrames(draw: Chance): Promise<Rounds> {
  const owned = createOwned();
  try {
    const scratch = owned.use(await scratchFolder());
    const store = join(scratch.folder, "store");
    const flags = ["sidecar", "--multi-session", "--port", "0", "--store", store];
    const env = { ...scratch.env, MPAC_TOKEN_TABLE: TABLE };
    const program = owned.use(startNode([launcher("signalbox"), ...flags], { cwd: scratch.folder, env }));
    const at = /ws:\/\/[^/]+/.exec(await program.stdout.next((line) => line.trim().startsWith("clients")))?.[0] ?? "";
    const bystanders = await Promise.all(
      ROOMS.map(async (room) => {
        const bystander = owned.use(await connectMpac(`${at}/session/${room}`, "bystander"));
        await bystander.join(bearer(tokenOf("bystander", room)));
        return { room, bystander };
      }),
    );
    let frames = 0;
    let closed = 0;
    let heard = 0;
    let memoryKb = 0;
    const told = (): string => `${frames} frames, ${closed} connections ended, ${heard} messages heard beside them, ${memoryKb} kB`;

    return {
      async round() {
        // New ones each time: whoever has not joined after a minute is sent away.
        const strangers = await Promise.all(
          ROOMS.map((room, index) => comeAsStranger(at, room, ROOMS[(index + 1) % ROOMS.length] ?? room)),
        );
        const endings = await Promise.all(ROOMS.flatMap((room) => ATTACKERS.map((principal) => attackIn(draw, at, room, principal))));
        frames += endings.length * FRAMES_OF_EACH;
        closed += endings.reduce((sum, times) => sum + times, 0);
        for (const { room, bystander } of bystanders) {
          await lookAround(bystander);
          heard += checkHeard(bystander, room);
          await stillServed(bystander);
        }
        for (const stranger of strangers) {
          assert.deepEqual([...new Set(stranger.frames.map(refusalOf))], ["CREDENTIAL_REJECTED"], "a stranger hears its own refusal");
          await stranger[Symbol.asyncDispose]();
        }
        assert.ok(await isRunning(program.pid), "the sidecar runs");
        memoryKb = await memoryOf(program.pid);
        assert.ok(memoryKb < MOST_MEMORY_KB, told());
        return told();
      },
      async finish() {
        program.kill("SIGTERM");
        assert.deepEqual(await program.exited, { code: 0, signal: null });
        const log = await readFile(join(store, "log.db"));
        const said = [...program.stdout.all, ...program.stderr.all].join("\n");
        for (const token of TOKENS) assert.ok(!log.includes(token) && !said.includes(token), "a token was found");
        let records = 0;
        for (const room of ROOMS) records += await decidedAgain(join(store, "log.db"), room);
        return `${told()}; ${records} records decided again`;
      },
      [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
    };
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

/** Now and then with a token of another session or with none, and in envelopes of another session. */
function attackIn(draw: Chance, at: string, room: Room, principal: (typeof ATTACKERS)[number]): Promise<number> {
  const session = draw.below(2) === 0 ? room : draw.pick(ROOMS);
  return attack(
    draw,
    `${at}/session/${room}`,
    { principal, instance: `${principal}:${room}`, session },
    {
      frames: FRAMES_OF_EACH,
      hello() {
        const chance = draw.below(8);
        if (chance === 0) return {};
        return bearer(tokenOf("attacker", chance === 1 ? draw.pick(ROOMS) : room));
      },
      written: (frame) => marked(frame, room),
    },
  );
}

const IDS = /\b(intent|op|conflict|claim|batch|deferral)-/g;
const CONTENT = /"x\\n"/g;
const MARKS = /(?:\b(?:intent|op|conflict|claim|batch|deferral)-|x of )(room\d+)\b/g;

/** The frame with the room in every id and every content that it names. */
function marked(frame: HostileFrame, room: Room): HostileFrame {
  const mark = (text: string): string => text.replace(IDS, `$1-${room}-`).replace(CONTENT, `"x of ${room}\\n"`);
  return typeof frame === "string" ? mark(frame) : Buffer.from(mark(frame.toString("latin1")), "latin1");
}

/** Connects to a session with another session's token, which is refused, and stays. */
async function comeAsStranger(at: string, room: Room, elsewhere: Room): Promise<MpacClient> {
  const stranger = await connectMpac(`${at}/session/${room}`, "bystander");
  const refused = await stranger.outcome(stranger.send("HELLO", bearer(tokenOf("bystander", elsewhere))));
  assert.equal(refusalOf(refused), "CREDENTIAL_REJECTED");
  return stranger;
}

const refusalOf = (frame: MpacFrame): unknown => frame.payload?.["error_code"] ?? frame.message_type ?? frame.type;

/** Asks for all that the session has; what is answered stands among its frames. */
async function lookAround(bystander: MpacClient): Promise<void> {
  const { length } = bystander.frames;
  for (const question of [{ type: "SESSION_SUMMARY" }, { type: "FILE_LIST" }, { type: "FILE_READ", path: "src/a.ts" }])
    bystander.sendRaw(question);
  const isAnswer = (frame: MpacFrame): boolean => frame.type === "FILE_CONTENT" || frame.type === "FILE_ERROR";
  await bystander.frame("the last answer", (frame) => isAnswer(frame) && bystander.frames.indexOf(frame) >= length);
}

/** Everything that came in between is of this session: who speaks, and every id and content in it. */
function checkHeard(bystander: MpacClient, room: Room): number {
  const heard = (bystander.frames as MpacFrame[]).splice(0);
  for (const frame of heard) {
    const text = JSON.stringify(frame);
    for (const [mark, named] of text.matchAll(MARKS)) assert.equal(named, room, `${mark} was heard in ${room}`);
    for (const token of TOKENS) assert.ok(!text.includes(token), `a token was heard in ${room}`);
    if (frame.message_type === undefined) continue;
    const from = frame.sender?.principal_id ?? "";
    if (from !== `service:coordinator-${room}`) {
      assert.ok(WHO_MAY_SPEAK.includes(from) || from === "bystander", `${String(frame.message_type)} from ${from}`);
      continue;
    }
    assert.equal(frame["session_id"], room);
    const refersTo = frame.payload?.["refers_to"];
    assert.ok(
      frame.message_type !== "PROTOCOL_ERROR" || typeof refersTo !== "string" || !refersTo.startsWith("m-"),
      `a refusal of somebody else's message: ${JSON.stringify(frame.payload)}`,
    );
  }
  return heard.length;
}
