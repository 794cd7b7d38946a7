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
      box.confirmed([id]);
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

type Step = "send" | "take" | "show" | "take the acknowledgements" | "confirm" | "lose the connection";
const STEPS = ["send", "send", "send", "take", "show", "show", "take the acknowledgements", "confirm", "lose the connection"] as const;

it("shows each message once and in order, and has none acknowledged before, whatever comes between", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom<Step>(...STEPS), { maxLength: 100 }), fc.integer({ min: 1, max: 4 }), (steps, mostWaiting) => {
      const box = inbox({ mostWaiting, mostShown: 1 });
      const atBroker = new Map<string, Delivery>();
      const shown: string[] = [];
      let sent = 0;
      let taken: readonly Delivery[] = [];
      /** Acknowledgements on their way, lost with the connection. */
      let onTheWay: string[] = [];

      const acknowledge = (id: string): void => {
        expect(shown).toContain(id);
        onTheWay.push(id);
      };
      const receive = (one: Delivery): void => {
        if (box.receive(one)) acknowledge(one.envelope.id);
      };
      const act: Record<Step, () => void> = {
        send() {
          const one = delivery(String((sent += 1)));
          atBroker.set(one.envelope.id, one);
          receive(one);
        },
        take() {
          if (taken.length === 0) taken = box.take();
        },
        show() {
          shown.push(...idsOf(taken));
          box.shown(taken);
          for (const id of idsOf(taken)) acknowledge(id);
          taken = [];
          if (!box.wantsMore) return;
          act.confirm();
          act["lose the connection"]();
        },
        "take the acknowledgements"() {
          for (const id of onTheWay.splice(0)) atBroker.delete(id);
        },
        confirm() {
          act["take the acknowledgements"]();
          box.confirmed([...box.unconfirmed.keys()]);
        },
        "lose the connection"() {
          onTheWay = [];
          box.registered();
          for (const id of box.unconfirmed.keys()) acknowledge(id);
          for (const one of atBroker.values()) receive(one);
        },
      };
      for (const step of steps) act[step]();
      act.show();
      for (act["lose the connection"](); !box.isEmpty; act.show()) taken = box.take();
      act.confirm();

      expect(shown).toEqual(Array.from({ length: sent }, (_, index) => String(index + 1)));
      expect([...atBroker.keys()]).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
