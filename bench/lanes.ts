/** How many lanes are claimed a second over HTTP, durably, and how long one claim takes: against bare echoes, and an announcement. */
import { Agent, request } from "node:http";
import { compare, DROPPED_BLOCKS, inTurn, median, OPERATIONS, spreadOf } from "./method.ts";
import { type Bench, type Measured, type Measurement, mustBe } from "./measurement.ts";
import { spreadText } from "./report.ts";
import { closedLoop, textsOf } from "./support/closed-loop.ts";
import { createOwned } from "./support/owned.ts";
import { startEcho, startSidecar } from "./support/peers.ts";
import { announcements, joinSession, type Talker, talkToEcho, timeEach, warmUp, withdrawal } from "./support/talker.ts";

const CLIENTS = 16;

/** Claims of each client in one block, and echoes, of which as many would be over in a moment. */
const EACH = 40;
const ECHOES_EACH = 400;

const PRINCIPAL = "ana";

/** Claims of a lane that nobody else wants; each renews the one before, which is recorded like any other. */
function claimant(port: number, number: number): Talker {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const body = JSON.stringify({ owner: `claimant-${number}`, lease_s: 3_600 });
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const claim = (): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const options = { agent, host: "127.0.0.1", port, path: `/api/bus/lanes/lane-${number}/claim`, method: "POST", headers };
      const asked = request(options, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          const answer = Buffer.concat(parts);
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(`a claim was answered ${response.statusCode}: ${answer.toString()}`));
        });
      });
      asked.on("error", reject);
      asked.end(body);
    });
  return {
    ask: claim,
    async askAll(texts) {
      for (const _ of texts) await claim();
    },
    [Symbol.asyncDispose]() {
      agent.destroy();
      return Promise.resolve();
    },
  };
}

async function measure(bench: Bench): Promise<Measured> {
  await using owned = createOwned();
  const echo = owned.use(await startEcho(bench));
  const sidecar = owned.use(await startSidecar(bench, "lanes"));
  const port = Number(new URL(sidecar.uri).port);
  const parrots: Talker[] = [];
  const claimants: Talker[] = [];
  for (let number = 0; number < CLIENTS; number += 1) {
    parrots.push(owned.use(await talkToEcho(echo.uri)));
    claimants.push(owned.use(claimant(port, number)));
  }
  const ana = owned.use(await joinSession(sidecar.uri, PRINCIPAL));
  await warmUp(ana, PRINCIPAL);
  const [first] = claimants as [Talker];
  const alike = (count: number): string[] => Array.from({ length: count }, () => "claim");
  const one = JSON.parse((await first.ask("claim")).toString()) as { state?: unknown };
  mustBe(one.state === "held", `a claim was answered ${JSON.stringify(one)}`);
  await closedLoop(
    claimants,
    claimants.map(() => alike(200)),
  );
  const byAnnounce: number[] = [];

  const comparison = await compare(
    inTurn({
      limit: () =>
        closedLoop(
          parrots,
          parrots.map(() => textsOf(announcements(PRINCIPAL, ECHOES_EACH))),
        ),
      async candidate(block) {
        const rate = await closedLoop(
          claimants,
          claimants.map(() => alike(EACH)),
        );
        const announced = announcements(PRINCIPAL, OPERATIONS);
        const lone = await timeEach(ana, textsOf(announced));
        await ana.askAll(announced.map((done) => withdrawal(PRINCIPAL, done)));
        const claims = await timeEach(first, alike(OPERATIONS));
        if (block >= DROPPED_BLOCKS) byAnnounce.push(median(claims.took) / median(lone.took));
        return rate;
      },
    }),
    bench.blocks,
  );
  const notes = [`a claim by itself takes ${spreadText(spreadOf(byAnnounce))} × a durable announcement`];
  return { kind: "comparison", unit: "a second", comparison, notes };
}

export const lanes: Measurement = {
  name: "lanes",
  what: "16 clients claiming lanes over HTTP, closed loop",
  against: "WebSocket echo throughput of 16 clients",
  measure,
};
