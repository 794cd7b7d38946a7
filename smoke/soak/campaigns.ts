/** What campaigns there are: the name of each, what holds in it, and how long it goes on. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killRound } from "../../src/store/kill-round.contract.ts";
import { startNode } from "../support/processes.ts";
import { PROJECT } from "../support/program.ts";
import { apart, type Campaign, type Own } from "./campaign.ts";
import { startClocks } from "./clock.ts";
import { startIdleEnds, startStops } from "./ends.ts";
import { startFrames } from "./frames.ts";
import { startFullDisks } from "./full-disk.ts";
import { startHostedFrames } from "./hosted-frames.ts";
import { startNights } from "./night.ts";
import { startOrphans } from "./orphans.ts";
import { startRemovals } from "./removed.ts";
import { startStarts } from "./starts.ts";
import { startStorms } from "./storm.ts";

/** Appends of one writer before it is killed, at most. */
const MAX_APPENDS = 400;

export const CAMPAIGNS = {
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
    sentence: "twenty bridges that start at once, and lose their sidecar at once, end with one",
    rounds: 50,
    every: 5,
    start: (draw) => startStarts(draw),
  },
  day: {
    sentence: "a day of two agents, with forty kills in the middle of calls",
    rounds: 20,
    every: 1,
    start: (draw) => apart((own) => liveDay(draw.below(2 ** 31), own)),
  },
  orphans: {
    sentence: "clients that are killed with -9 leave no bridge behind",
    rounds: 100,
    every: 5,
    start: (draw) => startOrphans(draw),
  },
  stop: {
    sentence: "signalbox stop ends one sidecar of two, in the middle of calls, and nothing is lost",
    rounds: 20,
    every: 5,
    start: startStops,
  },
  idle: {
    sentence: "sidecars that nobody uses end by themselves, whoever comes just then, and nothing is lost",
    rounds: 10,
    every: 1,
    start: startIdleEnds,
  },
  removed: {
    sentence: "a store that is taken away under two bridges at work ends its sidecar, and nothing is promised into it",
    rounds: 30,
    every: 5,
    start: startRemovals,
  },
  disk: {
    sentence: "a disk that gets full under a sidecar costs nothing that was promised, and it goes on by itself",
    rounds: 10,
    every: 1,
    start: startFullDisks,
  },
  storm: {
    sentence: "eight agents at work, their sidecar killed and a worktree removed and made anew: nothing is lost",
    rounds: 20,
    every: 2,
    start: startStorms,
  },
  frames: {
    sentence: "ten thousand frames, random and mutated, over four connections harm nobody beside them",
    rounds: 100,
    every: 5,
    start: startFrames,
  },
  hosted: {
    sentence: "thirty thousand such frames in eight sessions of a hosted sidecar: nobody hears another session, and no token comes back",
    rounds: 34,
    every: 2,
    start: startHostedFrames,
  },
  clock: {
    sentence: "a clock that is set back an hour and forward by two ends nobody's task before its time",
    rounds: 1,
    every: 1,
    start: startClocks,
  },
  night: {
    sentence: "sidecar, bridges or all of them stand still for ten minutes, and go on in any order with their tasks",
    rounds: 1,
    every: 1,
    start: startNights,
  },
} as const satisfies Readonly<Record<string, Campaign>>;

async function liveDay(seed: number, own: Own): Promise<string> {
  const args = ["--import", "tsx", join("smoke", "day.ts"), "--rounds", "40", "--seed", String(seed)];
  const day = own(startNode(args, { cwd: PROJECT, env: process.env }));
  const { code } = await day.exited;
  if (code !== 0)
    throw new Error(`the day with seed ${seed} ended with code ${code}:\n${[...day.stdout.all, ...day.stderr.all].join("\n")}`);
  return `seed ${seed}: ${day.stdout.all.find((line) => /rounds of kill/.test(line))?.replace(/^.*\(/, "(") ?? ""}`;
}
