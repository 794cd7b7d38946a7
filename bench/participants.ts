/** How many announcements a second a full session takes, when every participant hears of every one: against bare echoes. */
import { compare, inTurn } from "./method.ts";
import { type Bench, type Measured, type Measurement, mustBe } from "./measurement.ts";
import { askSummary } from "../smoke/support/mpac-client.ts";
import { closedLoop, textsOf } from "./support/closed-loop.ts";
import { createOwned } from "./support/owned.ts";
import { startEcho, startSidecar } from "./support/peers.ts";
import { announcements, type Announcement, joinSession, type Talker, talkToEcho, warmUp, withdrawal } from "./support/talker.ts";

const PARTICIPANTS = 64;

/** Announcements of each participant in one block, and echoes, of which as many would be over in a moment. */
const EACH = 40;
const ECHOES_EACH = 200;

const names = Array.from({ length: PARTICIPANTS }, (_, index) => `ana-${index}`);

async function measure(bench: Bench): Promise<Measured> {
  await using owned = createOwned();
  const echo = owned.use(await startEcho(bench));
  const sidecar = owned.use(await startSidecar(bench, "participants"));
  const parrots: Talker[] = [];
  const members: Talker[] = [];
  for (const name of names) {
    parrots.push(owned.use(await talkToEcho(echo.uri)));
    members.push(owned.use(await joinSession(sidecar.uri, name)));
  }
  await warmUp(members[0] as Talker, names[0] as string);

  const everybodys = (each: number): Announcement[][] => names.map((name) => announcements(name, each));
  const comparison = await compare(
    inTurn({
      limit: () => closedLoop(parrots, everybodys(ECHOES_EACH).map(textsOf)),
      async candidate() {
        const announced = everybodys(EACH);
        const rate = await closedLoop(members, announced.map(textsOf));
        const { active_intent_count: live } = await askSummary(sidecar.uri);
        mustBe(live === PARTICIPANTS * EACH, `${String(live)} intents live, and ${PARTICIPANTS * EACH} were announced`);
        await Promise.all(
          members.map((member, index) => member.askAll((announced[index] ?? []).map((one) => withdrawal(names[index] as string, one)))),
        );
        return rate;
      },
    }),
    bench.blocks,
  );
  return {
    kind: "comparison",
    unit: "a second",
    comparison,
    notes: [`each announcement is sent to all ${PARTICIPANTS}; an echo goes to one`],
  };
}

export const participants: Measurement = {
  name: "participants",
  what: "64 participants of one session announcing disjoint files, closed loop",
  against: "WebSocket echo throughput of 64 clients",
  goal: { atLeast: 0.15 },
  measure,
};
