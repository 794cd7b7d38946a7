/** How long a peer's message takes until another peer has it, durably kept on the way: against a durable announcement. */
import { compare, DROPPED_BLOCKS, inTurn, median, OPERATIONS, percentile, spreadOf } from "./method.ts";
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { digits, spreadText } from "./report.ts";
import { textsOf } from "./support/closed-loop.ts";
import { letter, lettersFor, PEER_TOKEN, registerPeer, timeLetters } from "./support/mailer.ts";
import { startEcho, startSidecar } from "./support/peers.ts";
import { announcements, joinSession, talkToEcho, timeEach, warmUp, withdrawal } from "./support/talker.ts";

const PRINCIPAL = "ana";

/** Letters until V8 has compiled what it is going to compile. */
const WARM = 3_000;

async function measure(bench: Bench): Promise<Measured> {
  await using echo = await startEcho(bench);
  await using sidecar = await startSidecar({ ...bench, env: { ...bench.env, PEERBUS_TOKENS: PEER_TOKEN } }, "mail");
  await using parrot = await talkToEcho(echo.uri);
  await using ana = await joinSession(sidecar.uri, PRINCIPAL);
  await using sender = await registerPeer(new URL(sidecar.uri).origin, "sender");
  await using recipient = await registerPeer(new URL(sidecar.uri).origin, "recipient");
  await warmUp(ana, PRINCIPAL);
  await timeLetters(sender, recipient, lettersFor("sender", "recipient", WARM));
  const byEcho: number[] = [];
  const slowest: number[] = [];

  const comparison = await compare(
    inTurn({
      async limit() {
        const announced = announcements(PRINCIPAL, OPERATIONS);
        const { took } = await timeEach(ana, textsOf(announced));
        await ana.askAll(announced.map((one) => withdrawal(PRINCIPAL, one)));
        return median(took);
      },
      async candidate(block) {
        const echoed = await timeEach(
          parrot,
          Array.from({ length: OPERATIONS }, () => letter("sender", "recipient").text),
        );
        const took = await timeLetters(sender, recipient, lettersFor("sender", "recipient", OPERATIONS));
        if (block >= DROPPED_BLOCKS) {
          byEcho.push(median(took) / median(echoed.took));
          slowest.push(...took);
        }
        return median(took);
      },
    }),
    bench.blocks,
  );
  const notes = [
    `${spreadText(spreadOf(byEcho))} × a WebSocket echo of the same bytes; 99 of 100 arrive within ${digits(percentile(slowest, 0.99))} ms`,
  ];
  return { kind: "comparison", unit: "ms", comparison, notes };
}

export const mail: Measurement = {
  name: "mail",
  what: "a peer's message, sent until another has it, p50",
  against: "durable announce",
  isLone: true,
  measure,
};
