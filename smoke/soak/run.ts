/**
 * Longer campaigns than a test may take: `npm run soak -- [--rounds N] [--seed S] [--campaign kill|starts|day]`.
 *
 * The seed is printed and gives the same campaign again. Each campaign prints a line now and then and stops at the first
 * round that does not hold, with exit code 1.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killRound } from "../../src/store/kill-round.contract.ts";
import { type Chance, chance, seedFrom } from "../support/chance.ts";
import { startNode } from "../support/processes.ts";
import { PROJECT } from "../support/program.ts";
import { runSmoke, type Smoke } from "../support/steps.ts";
import { startTwenty } from "./starts.ts";

/** Whatever a round holds is closed with it, also when the campaign is interrupted. */
type Own = <Thing extends AsyncDisposable>(thing: Thing) => Thing;

interface Rounds extends AsyncDisposable {
  /** Carries out one round and gives what it saw, in a few words. */
  round(own: Own): Promise<string>;
}

interface Campaign {
  readonly sentence: string;
  /** Rounds when the command line names none. */
  readonly rounds: number;
  /** Rounds from one printed line to the next. */
  readonly every: number;
  readonly start: (draw: Chance) => Promise<Rounds>;
}

/** Appends of one writer before it is killed, at most. */
const MAX_APPENDS = 400;

const CAMPAIGNS: Readonly<Record<string, Campaign>> = {
  kill: {
    sentence: "kill -9 of a process that writes a log, which then is whole and holds what was acknowledged",
    rounds: 300,
    every: 50,
    async start(draw) {
      const folder = await mkdtemp(join(tmpdir(), "signalbox-soak-"));
      return {
        async round() {
          const { acknowledged, found } = await killRound(join(folder, "log.db"), 1 + draw.below(MAX_APPENDS));
          return `${acknowledged} acknowledged, ${found} found`;
        },
        [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
      };
    },
  },
  starts: {
    sentence: "twenty bridges that start at once end with one sidecar",
    rounds: 200,
    every: 10,
    start: () => Promise.resolve({ round: startTwenty, [Symbol.asyncDispose]: () => Promise.resolve() }),
  },
  day: {
    sentence: "a day of two agents, with forty kills in the middle of calls",
    rounds: 20,
    every: 1,
    start: (draw) => Promise.resolve({ round: (own) => liveDay(draw.below(2 ** 31), own), [Symbol.asyncDispose]: () => Promise.resolve() }),
  },
};

async function liveDay(seed: number, own: Own): Promise<string> {
  const args = ["--import", "tsx", join("smoke", "day.ts"), "--rounds", "40", "--seed", String(seed)];
  const day = own(startNode(args, { cwd: PROJECT, env: process.env }));
  const { code } = await day.exited;
  if (code !== 0)
    throw new Error(`the day with seed ${seed} ended with code ${code}:\n${[...day.stdout.all, ...day.stderr.all].join("\n")}`);
  return `seed ${seed}: ${day.stdout.all.find((line) => /rounds of kill/.test(line))?.replace(/^.*\(/, "(") ?? ""}`;
}

async function carry(smoke: Smoke, { sentence, rounds: usual, every, start }: Campaign, draw: Chance): Promise<void> {
  const rounds = smoke.options["rounds"] ? Number(smoke.options["rounds"]) : usual;
  const campaign = smoke.own(await start(draw));
  await smoke.step(`${rounds} rounds: ${sentence}`, async () => {
    for (let round = 1; round <= rounds; round += 1) {
      const held: AsyncDisposable[] = [];
      const seen = await campaign.round((thing) => {
        held.push(smoke.own(thing));
        return thing;
      });
      for (const thing of held.toReversed()) await thing[Symbol.asyncDispose]();
      if (round % every === 0) smoke.say(`${round} of ${rounds}: ${seen}`);
    }
  });
}

await runSmoke(
  async (smoke) => {
    const asked = smoke.options["campaign"];
    const names = asked ? [asked] : Object.keys(CAMPAIGNS);
    const seed = seedFrom(smoke.options["seed"]);
    smoke.say(`seed ${seed}`);
    for (const name of names) {
      const campaign = CAMPAIGNS[name];
      if (campaign === undefined) throw new Error(`there is no campaign ${name}; there are ${Object.keys(CAMPAIGNS).join(", ")}`);
      await carry(smoke, campaign, chance(seed));
    }
  },
  { options: { rounds: "", seed: "", campaign: "" } },
);
