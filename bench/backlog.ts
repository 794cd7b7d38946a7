/** Whether a sender pays for what waits: two sidecars, one with a hundred times as many messages for a peer who is away. */
import { compare, inTurn, median, OPERATIONS } from "./method.ts";
import type { Bench, Measured, Measurement } from "./measurement.ts";
import { createOwned } from "./support/owned.ts";
import { letter, lettersFor, type Mailer, PEER_TOKEN, registerPeer, timeLetters } from "./support/mailer.ts";
import { startSidecar } from "./support/peers.ts";

const FEW = 1_000;
const MANY = 100_000;
const AT_ONCE = 500;

interface Filled extends AsyncDisposable {
  readonly sender: Mailer;
  readonly recipient: Mailer;
  /** Milliseconds until all that waits was sent. */
  readonly filledMs: number;
}

async function fill(bench: Bench, name: string, waiting: number): Promise<Filled> {
  const owned = createOwned();
  const sidecar = owned.use(await startSidecar({ ...bench, env: { ...bench.env, PEERBUS_TOKENS: PEER_TOKEN } }, name));
  const address = new URL(sidecar.uri).origin;
  const sender = owned.use(await registerPeer(address, "sender"));
  const recipient = owned.use(await registerPeer(address, "recipient"));
  await (await registerPeer(address, "away"))[Symbol.asyncDispose]();
  const began = performance.now();
  for (let left = waiting; left > 0; left -= AT_ONCE) {
    // A sender is served in its own order: when the last has arrived, those before it are kept.
    const last = letter("sender", "recipient");
    const arrived = recipient.arrived(last.id);
    sender.send([...lettersFor("sender", "away", Math.min(left, AT_ONCE)), last].map(({ text }) => text));
    await arrived;
  }
  const filledMs = performance.now() - began;
  return { sender, recipient, filledMs, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

async function sendBeside({ sender, recipient }: Filled): Promise<number> {
  return median(await timeLetters(sender, recipient, lettersFor("sender", "recipient", OPERATIONS)));
}

async function measure(bench: Bench): Promise<Measured> {
  await using few = await fill(bench, "few", FEW);
  await using many = await fill(bench, "many", MANY);
  const comparison = await compare(inTurn({ limit: () => sendBeside(few), candidate: () => sendBeside(many) }), bench.blocks);
  const rate = Math.round(MANY / (many.filledMs / 1_000));
  return {
    kind: "comparison",
    unit: "ms",
    comparison,
    notes: [`${MANY.toLocaleString("en-US")} messages for a peer who is away were kept at ${rate} a second`],
  };
}

export const backlog: Measurement = {
  name: "backlog",
  what: "a peer's message beside 100,000 that wait, p50",
  against: "beside 1,000",
  goal: { atMost: 1.25 },
  measure,
};
