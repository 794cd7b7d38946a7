import { setImmediate as nextLoop } from "node:timers/promises";
import { expect, it } from "vitest";
import { createDelivery } from "./delivery.ts";
import type { Line } from "./line.ts";

/** A reader that takes whatever it is sent. */
function eager(sent: string[]): Line {
  const nothing = (): void => undefined;
  return {
    isOpen: true,
    hasRoom: true,
    untilRoom: () => Promise.resolve(),
    send: (text) => sent.push(text),
    close: nothing,
    drop: nothing,
  };
}

function deliveryOf(envelopeOf: (revision: number) => string | Promise<string>) {
  const sent: string[] = [];
  const delivered: string[] = [];
  const faults: unknown[] = [];
  const options = {
    line: eager(sent),
    unrecorded: new Set<string>(),
    envelopeOf,
    delivered: (keys: readonly string[]) => delivered.push(...keys),
  };
  return { delivery: createDelivery({ ...options, broke: (error) => faults.push(error) }), sent, delivered, faults };
}

it("hands nothing over that was acknowledged while it was being read", async () => {
  let found: (envelope: string) => void = () => undefined;
  const reading = new Promise<string>((resolve) => (found = resolve));
  const { delivery, sent } = deliveryOf(() => reading);
  delivery.add({ key: "1", revision: 1, isMarked: false });
  delivery.run();

  delivery.drop("1");
  found("{}");
  await nextLoop();

  expect(sent).toEqual([]);
});

it("tells what it handed over at once when the peer has something to say, and only once", async () => {
  const { delivery, delivered } = deliveryOf(() => "{}");
  for (const key of ["1", "2"]) delivery.add({ key, revision: 1, isMarked: false });
  delivery.run();
  await Promise.resolve().then(() => undefined);

  delivery.settle();
  const before = [...delivered];
  await nextLoop();

  expect(before.length).toBeGreaterThan(0);
  expect(delivered).toEqual(["1", "2"]);
});

it("goes on from where the log could not be read, when it is asked to", async () => {
  const fault = new Error("the log cannot be read");
  let isBroken = true;
  const { delivery, sent, faults } = deliveryOf(() => (isBroken ? Promise.reject(fault) : "{}"));
  for (const key of ["1", "2"]) delivery.add({ key, revision: 1, isMarked: false });
  delivery.run();
  await nextLoop();

  isBroken = false;
  delivery.run();
  await nextLoop();

  expect(faults).toEqual([fault]);
  expect(sent.map((text) => (JSON.parse(text) as { delivery_key: string }).delivery_key)).toEqual(["1", "2"]);
});

it("hands a long absence's mail over in short turns, so that others have theirs", async () => {
  const { delivery, sent } = deliveryOf((revision) => Promise.resolve(String(revision)));
  for (let revision = 1; revision <= 1_000; revision += 1) delivery.add({ key: `${revision}`, revision, isMarked: false });

  delivery.run();
  await nextLoop();
  const atFirst = sent.length;
  while (sent.length < 1_000) await nextLoop();

  expect(atFirst).toBeGreaterThan(0);
  expect(atFirst).toBeLessThan(200);
  expect(sent.map((text) => (JSON.parse(text) as { envelope: number }).envelope)).toEqual(Array.from({ length: 1_000 }, (_, at) => at + 1));
});

it("hands over once what is added twice in one go", async () => {
  const { delivery, sent } = deliveryOf(() => "{}");

  delivery.add({ key: "1", revision: 1, isMarked: false });
  delivery.run();
  delivery.add({ key: "1", revision: 1, isMarked: false });
  delivery.run();
  await nextLoop();

  expect(sent).toHaveLength(1);
});
