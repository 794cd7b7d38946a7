/** Whether an announcement costs its own depth and not the number of live intents: two sidecars, one with a hundred times as many. */
import { compare, inTurn, median, OPERATIONS } from "./method.ts";
import { type Bench, type Measured, type Measurement, mustBe } from "./measurement.ts";
import { askSummary } from "../smoke/support/mpac-client.ts";
import { createOwned } from "./support/owned.ts";
import { startSidecar } from "./support/peers.ts";
import { announcements, joinSession, type Talker, timeEach, warmUp, withdrawal } from "./support/talker.ts";

const FEW = 1_000;
const MANY = 100_000;

/** Who holds them: as many in both, because each of them hears of every announcement. */
const HOLDERS = ["bo", "cy", "dee", "eli"] as const;
const AT_ONCE = 200;

const PRINCIPAL = "ana";

interface Filled extends AsyncDisposable {
  readonly ana: Talker;
  /** Milliseconds until everything was announced. */
  readonly filledMs: number;
}

async function fill(bench: Bench, name: string, intents: number): Promise<Filled> {
  const owned = createOwned();
  const sidecar = owned.use(await startSidecar(bench, name));
  const began = performance.now();
  for (const holder of HOLDERS) {
    const talker = owned.use(await joinSession(sidecar.uri, holder));
    for (let left = intents / HOLDERS.length; left > 0; left -= AT_ONCE) {
      await talker.askAll(announcements(holder, Math.min(left, AT_ONCE)).map(({ text }) => text));
    }
  }
  const filledMs = performance.now() - began;
  const summary = await askSummary(sidecar.uri);
  mustBe(
    summary["active_intent_count"] === intents,
    `${String(summary["active_intent_count"])} intents live, and ${intents} were announced`,
  );
  const ana = owned.use(await joinSession(sidecar.uri, PRINCIPAL));
  await warmUp(ana, PRINCIPAL);
  return { ana, filledMs, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

async function announceAmong({ ana }: Filled): Promise<number> {
  const announced = announcements(PRINCIPAL, OPERATIONS);
  const { took } = await timeEach(
    ana,
    announced.map(({ text }) => text),
  );
  await ana.askAll(announced.map((one) => withdrawal(PRINCIPAL, one)));
  return median(took);
}

async function measure(bench: Bench): Promise<Measured> {
  await using few = await fill(bench, "few", FEW);
  await using many = await fill(bench, "many", MANY);
  const comparison = await compare(inTurn({ limit: () => announceAmong(few), candidate: () => announceAmong(many) }), bench.blocks);
  const rate = Math.round(MANY / (many.filledMs / 1_000));
  return {
    kind: "comparison",
    unit: "ms",
    comparison,
    notes: [
      `${MANY.toLocaleString("en-US")} intents of ${HOLDERS.length} participants were announced at ${rate} a second, ${AT_ONCE} at once`,
    ],
  };
}

export const manyIntents: Measurement = {
  name: "many-intents",
  what: "announce with 100,000 live intents, p50",
  against: "with 1,000",
  goal: { atMost: 4 },
  isLone: true,
  measure,
};
