/** What a peer may rely on, over real sockets, whatever becomes of connections and of the broker. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { memoryStore } from "../../store/memory.ts";
import { ack, broadcast, type Bus, type Frame, letter, type RawPeer, serveBus } from "./peer.test.fixture.ts";

const NAMES = ["ana", "bo", "cy"] as const;
type Name = (typeof NAMES)[number];
const name = fc.constantFrom(...NAMES);

type Step =
  | { readonly does: "send"; readonly who: Name; readonly to: Name; readonly times: number }
  | { readonly does: "broadcast" | "acknowledge" | "join" | "vanish"; readonly who: Name }
  | { readonly does: "crash" }
  | { readonly does: "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant("send" as const), who: name, to: name, times: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("broadcast" as const), who: name }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("acknowledge" as const), who: name }) },
  // Over a connection that lives it is a takeover.
  { weight: 4, arbitrary: fc.record({ does: fc.constant("join" as const), who: name }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("vanish" as const), who: name }) },
  { weight: 1, arbitrary: fc.constantFrom({ does: "crash" as const }, { does: "restart" as const }) },
);

/** All that a peer was ever brought, in the order in which it came. */
class Reader {
  readonly received: Frame[] = [];
  peer: RawPeer | undefined;
  /** Whether it acknowledges whatever it is brought. */
  isDiligent = false;

  async join(bus: Bus, who: Name): Promise<void> {
    const peer = await bus.join(who);
    this.peer = peer;
    for (const text of peer.arrived()) this.#hear(peer, text);
    peer.socket.on("message", (data: Buffer) => this.#hear(peer, data.toString("utf8")));
  }

  acknowledgeAll(): void {
    for (const { delivery_key: key } of this.received) this.peer?.send(ack(key));
  }

  #hear(peer: RawPeer, text: string): void {
    const frame = JSON.parse(text) as Frame;
    if (frame.type !== "deliver") return;
    this.received.push(frame);
    if (this.isDiligent) peer.send(ack(frame.delivery_key));
  }
}

async function take(bus: Bus, readers: ReadonlyMap<Name, Reader>, one: Step): Promise<void> {
  if (one.does === "crash") return bus.crash();
  if (one.does === "restart") return bus.restart();
  const reader = readers.get(one.who) as Reader;
  if (one.does === "join") return reader.join(bus, one.who);
  const { peer } = reader;
  if (peer?.socket.readyState !== WebSocket.OPEN) return;
  switch (one.does) {
    case "vanish":
      return peer.socket.terminate();
    case "acknowledge":
      return reader.acknowledgeAll();
    case "broadcast":
      return peer.send(broadcast(one.who, 0));
    case "send":
      for (let time = 0; time < one.times; time += 1) peer.send(letter(one.who, one.to, 0));
  }
}

it("is brought everything that was kept for it at least once, what one peer sent in the order in which it was sent, and nothing of others", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      await using bus = await serveBus(memoryStore());
      const readers = new Map(NAMES.map((who) => [who, new Reader()]));
      for (const [who, reader] of readers) await reader.join(bus, who);
      for (const one of steps) await take(bus, readers, one);

      await bus.restart();
      for (const [who, reader] of readers) {
        reader.isDiligent = true;
        await reader.join(bus, who);
      }
      await bus.until(({ waiting }) => waiting === 0);

      for (const [who, { received }] of readers) {
        const kept = (await bus.history()).flatMap((event) => (event.type === "MailSent" && event.recipients.includes(who) ? event : []));
        const brought = [...new Set(received.map(({ envelope }) => envelope?.id))];
        expect(new Set(brought)).toEqual(new Set(kept.map(({ id }) => id)));
        for (const sender of NAMES) {
          const inOrder = kept.filter((event) => event.sender === sender).map(({ id }) => id);
          expect(brought.filter((id) => inOrder.includes(id as string))).toEqual(inOrder);
        }
      }
    }),
    { numRuns: 60 },
  );
});
