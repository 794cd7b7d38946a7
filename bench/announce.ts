/** How long a participant waits until what it announced is on the disk: against an echo of the same bytes, and one commit. */
import { compare, DROPPED_BLOCKS, inTurn, median, OPERATIONS, spreadOf } from "./method.ts";
import { type Bench, type Measured, type Measurement, mustBe } from "./measurement.ts";
import { spreadText } from "./report.ts";
import { openCommitProbe } from "./support/commit-probe.ts";
import { startEcho, startSidecar } from "./support/peers.ts";
import { type Announcement, announcements, joinSession, talkToEcho, timeEach, warmUp, withdrawal } from "./support/talker.ts";

const PRINCIPAL = "ana";

async function measure(bench: Bench): Promise<Measured> {
  using probe = openCommitProbe(bench.scratch.folder, "commit");
  await using echo = await startEcho(bench);
  await using sidecar = await startSidecar(bench, "announce");
  await using parrot = await talkToEcho(echo.uri);
  await using scribe = await talkToEcho(`${echo.uri}/durable`);
  await using ana = await joinSession(sidecar.uri, PRINCIPAL);
  for (const warm of [parrot, scribe]) await warm.askAll(textsOf(announcements(PRINCIPAL, 10 * OPERATIONS)));
  await warmUp(ana, PRINCIPAL);
  let lastRevision = 0;
  const byDurableEcho: number[] = [];

  const comparison = await compare(
    inTurn({
      async limit() {
        const { took } = await timeEach(parrot, textsOf(announcements(PRINCIPAL, OPERATIONS)));
        return median(took) + probe.commit(OPERATIONS);
      },
      async candidate(block) {
        const durable = await timeEach(scribe, textsOf(announcements(PRINCIPAL, OPERATIONS)));
        const announced = announcements(PRINCIPAL, OPERATIONS);
        const { took, last } = await timeEach(ana, textsOf(announced));
        lastRevision = checkRevision(last, announced.at(-1)?.intent, lastRevision);
        await ana.askAll(announced.map((one) => withdrawal(PRINCIPAL, one)));
        if (block >= DROPPED_BLOCKS) byDurableEcho.push(median(took) / median(durable.took));
        return median(took);
      },
    }),
    bench.blocks,
  );
  const notes = [
    `${spreadText(spreadOf(byDurableEcho))} × a server that commits a row and then echoes, which waits for its disk between messages as a sidecar does`,
  ];
  return { kind: "comparison", unit: "ms", comparison, notes };
}

const textsOf = (announced: readonly Announcement[]): string[] => announced.map(({ text }) => text);

/** Each block records an announcement and a withdrawal for every operation, and no revision is given twice or left out. */
function checkRevision(acknowledged: Buffer, intent: string | undefined, before: number): number {
  const { payload } = JSON.parse(acknowledged.toString()) as {
    payload: { intent_id: string; extensions: { signalbox: { ack: { revision: number } } } };
  };
  const { revision } = payload.extensions.signalbox.ack;
  mustBe(payload.intent_id === intent, `${String(intent)} was answered with ${payload.intent_id}`);
  mustBe(before === 0 || revision === before + 2 * OPERATIONS, `revision ${revision} follows ${before}`);
  return revision;
}

export const announce: Measurement = {
  name: "announce",
  what: "durable announce over WebSocket, p50",
  against: "WebSocket echo + one FULL commit",
  goal: { atMost: 1.5 },
  isLone: true,
  measure,
};
