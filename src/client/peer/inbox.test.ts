import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "./frames.ts";
import { inbox } from "./inbox.ts";

const delivery = (id: string, body = "1"): Delivery => ({
  key: id,
  redelivered: false,
  envelope: { protocol_version: "v1", id, from: "ana", to: "bo", ts: "t", source: "peer-bus", kind: "msg", body, hmac: "" },
});
const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ envelope }) => envelope.id);

describe("a message that comes again", () => {
  it("is acknowledged at once when it was shown", () => {
    const box = inbox();
    box.receive(delivery("1"));
    box.shown(box.take());

    expect([box.receive(delivery("1")), box.isEmpty]).toEqual([true, true]);
  });

  it("waits once, and is not acknowledged, as long as nobody was shown it", () => {
    const box = inbox();
    box.receive(delivery("1"));

    const again = box.receive(delivery("1"));

    expect([again, idsOf(box.take())]).toEqual([false, ["1"]]);
  });

  it("is neither acknowledged nor shown again while it is on the way to its reader", () => {
    const box = inbox();
    box.receive(delivery("1"));
    box.take();

    expect([box.receive(delivery("1")), box.isEmpty]).toEqual([false, true]);
  });

  it("is known among 4,096 others, and met anew it is the newest", () => {
    const box = inbox();
    const show = (id: string): void => {
      box.receive(delivery(id));
      box.shown(box.take());
    };
    for (let id = 0; id < 4_096; id += 1) show(String(id));
    box.receive(delivery("0"));
    show("one more");

    expect([box.receive(delivery("0")), box.receive(delivery("2")), box.receive(delivery("1"))]).toEqual([true, true, false]);
  });
});

describe("a full inbox", () => {
  it("leaves what does not fit, and what comes behind it, to the broker", () => {
    const box = inbox({ mostWaiting: 2 });
    for (const id of ["1", "2", "3"]) box.receive(delivery(id));
    const taken = box.take();
    box.receive(delivery("4"));

    expect([idsOf(taken), box.isEmpty, box.wantsMore]).toEqual([["1", "2"], true, false]);
    box.shown(taken);
    expect(box.wantsMore).toBe(true);
    box.registered();
    expect([box.receive(delivery("3")), box.wantsMore, idsOf(box.take())]).toEqual([false, false, ["3"]]);
  });

  it("is one that holds four million characters, and one message always fits", () => {
    const box = inbox();
    const [large, half] = [`"${"x".repeat(5_000_000)}"`, `"${"x".repeat(2_500_000)}"`];

    box.receive(delivery("1", large));
    box.receive(delivery("2"));

    expect(idsOf(box.take())).toEqual(["1"]);
    box.registered();
    for (const id of ["3", "4"]) box.receive(delivery(id, half));
    expect(idsOf(box.take())).toEqual(["3"]);
  });

  it("gives the first so many", () => {
    const box = inbox();
    for (const id of ["1", "2", "3"]) box.receive(delivery(id));

    expect([idsOf(box.take(1)), idsOf(box.take(5)), box.take()]).toEqual([["1"], ["2", "3"], []]);
  });
});

type Step = "send" | "lose the connection" | "take" | "show" | "lose an acknowledgement";
const anyStep = fc.constantFrom<Step>("send", "send", "send", "lose the connection", "take", "show", "lose an acknowledgement");

it("shows each message once and in order, and has none acknowledged before, whatever comes between", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 80 }), fc.integer({ min: 1, max: 4 }), (steps, mostWaiting) => {
      const box = inbox({ mostWaiting });
      const atBroker = new Map<string, Delivery>();
      const shown: string[] = [];
      let sent = 0;
      let taken: readonly Delivery[] = [];
      let ackIsLost = false;

      const acknowledge = (id: string): void => {
        expect(shown).toContain(id);
        if (!ackIsLost) atBroker.delete(id);
        ackIsLost = false;
      };
      const receive = (one: Delivery): void => {
        if (box.receive(one)) acknowledge(one.envelope.id);
      };
      const register = (): void => {
        box.registered();
        for (const one of atBroker.values()) receive(one);
      };
      const show = (): void => {
        shown.push(...idsOf(taken));
        box.shown(taken);
        for (const id of idsOf(taken)) acknowledge(id);
        taken = [];
        if (box.wantsMore) register();
      };
      const act: Record<Step, () => void> = {
        send() {
          const one = delivery(String((sent += 1)));
          atBroker.set(one.envelope.id, one);
          receive(one);
        },
        "lose the connection": register,
        take() {
          if (taken.length === 0) taken = box.take();
        },
        show,
        "lose an acknowledgement": () => (ackIsLost = true),
      };
      for (const step of steps) act[step]();
      ackIsLost = false;
      show();
      for (register(); !box.isEmpty; show()) taken = box.take();

      expect(shown).toEqual(Array.from({ length: sent }, (_, index) => String(index + 1)));
      expect([...atBroker.keys()]).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
