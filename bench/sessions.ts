/** How many announcements a second one sidecar takes in many sessions, of which each has one participant: against bare echoes. */
import { join } from "node:path";
import { startNode } from "../smoke/support/processes.ts";
import { launcher } from "../smoke/support/program.ts";
import { askSummary } from "../smoke/support/mpac-client.ts";
import { compare, DROPPED_BLOCKS, inTurn, median, spreadOf } from "./method.ts";
import { type Bench, type Measured, type Measurement, mustBe } from "./measurement.ts";
import { spreadText } from "./report.ts";
import { closedLoop, textsOf } from "./support/closed-loop.ts";
import { createOwned, type Owned } from "./support/owned.ts";
import { startEcho } from "./support/peers.ts";
import { announcements, type Announcement, joinSession, type Talker, talkToEcho, warmUp, withdrawal } from "./support/talker.ts";

const SESSIONS = 64;

/** Announcements in each session in one block, and echoes, of which as many would be over in a moment. */
const EACH = 40;
const ECHOES_EACH = 200;

const PRINCIPAL = "ana";

/** A sidecar that serves many sessions, without tokens, to this machine. Gives the address of one of them. */
async function startHosted({ scratch, env }: Bench, owned: Owned): Promise<(session: string) => string> {
  const flags = [
    "--multi-session",
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--store",
    join(scratch.folder, "hosted"),
    "--log-level",
    "silent",
  ];
  const program = owned.use(startNode([launcher("signalbox"), "sidecar", ...flags], { cwd: scratch.folder, env }));
  const banner = await program.stdout.next((line) => line.trim().startsWith("clients"));
  const address = /wss?:\/\/[^\s/]+/.exec(banner)?.[0];
  mustBe(address !== undefined, `the banner names no address: ${banner}`);
  return (session) => `${address}/session/${session}`;
}

async function measure(bench: Bench): Promise<Measured> {
  await using owned = createOwned();
  const echo = owned.use(await startEcho(bench));
  const uriOf = await startHosted(bench, owned);
  const parrots: Talker[] = [];
  const clerks: Talker[] = [];
  const members: Talker[] = [];
  for (let number = 0; number < SESSIONS; number += 1) {
    parrots.push(owned.use(await talkToEcho(echo.uri)));
    clerks.push(owned.use(await talkToEcho(`${echo.uri}/read`)));
    members.push(owned.use(await joinSession(uriOf(`session-${number}`), PRINCIPAL)));
  }
  await warmUp(members[0] as Talker, PRINCIPAL);

  const byClerk: number[] = [];
  const clerksRates: number[] = [];
  const everybodys = (each: number): Announcement[][] => members.map(() => announcements(PRINCIPAL, each));
  const comparison = await compare(
    inTurn({
      limit: () => closedLoop(parrots, everybodys(ECHOES_EACH).map(textsOf)),
      async candidate(block) {
        const clerksRate = await closedLoop(clerks, everybodys(EACH).map(textsOf));
        const announced = everybodys(EACH);
        const rate = await closedLoop(members, announced.map(textsOf));
        const { active_intent_count: live } = await askSummary(uriOf(`session-${SESSIONS - 1}`));
        mustBe(live === EACH, `${String(live)} intents live in one session, and ${EACH} were announced`);
        await Promise.all(members.map((member, index) => member.askAll((announced[index] ?? []).map((one) => withdrawal(PRINCIPAL, one)))));
        if (block >= DROPPED_BLOCKS) {
          byClerk.push(rate / clerksRate);
          clerksRates.push(clerksRate);
        }
        return rate;
      },
    }),
    bench.blocks,
  );
  return {
    kind: "comparison",
    unit: "a second",
    comparison,
    notes: [
      `${SESSIONS} sessions share one log: what they announce in one turn is one commit`,
      `${spreadText(spreadOf(byClerk))} of the ${median(clerksRates).toFixed(0)} a second of a server that reads each message, commits a turn's together, echoes them and decides nothing`,
    ],
  };
}

export const sessions: Measurement = {
  name: "sessions",
  what: "64 sessions of one participant each, announcing, closed loop",
  against: "WebSocket echo throughput of 64 clients",
  goal: { atLeast: 0.25 },
  measure,
};
