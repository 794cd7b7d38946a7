/** What a connection is handed while another one is taking its name over. */
import { expect, it } from "vitest";
import { memoryStore } from "../../store/memory.ts";
import type { EventStore } from "../../store/store.ts";
import { letter, serveBus, TOKEN } from "./peer.test.fixture.ts";

const register = { protocol_version: "v1", type: "register", token: TOKEN, name: "bo", marks: true };

/** A log that takes a registration when it is let, once it has been told to wait for that. */
function gatedStore() {
  const kept = memoryStore();
  let reached: () => void = () => undefined;
  let open: () => void = () => undefined;
  let gate: Promise<void> | undefined;
  const append: EventStore["append"] = async (...batch) => {
    if (gate !== undefined && JSON.stringify(batch).includes('\\"type\\":\\"Register\\"')) {
      reached();
      await gate;
    }
    return kept.append(...batch);
  };
  return {
    store: { ...kept, append },
    /** Resolves when the next registration stands before the log. */
    hold: () => {
      gate = new Promise((resolve) => (open = resolve));
      return new Promise<void>((resolve) => (reached = resolve));
    },
    release: () => open(),
  };
}

it("is marked for that one as perhaps known, though no record tells of it yet", async () => {
  const letters = 60;
  const { store, hold, release } = gatedStore();
  await using bus = await serveBus(store);
  const [ana, bo, next] = [await bus.join("ana"), await bus.join("bo"), await bus.dial()];
  bo.socket.pause();
  for (let sent = 0; sent < letters; sent += 1) ana.send(letter("ana", "bo", "x".repeat(500_000)));
  await ana.sofar();

  const held = hold();
  next.send(register);
  await held;
  bo.socket.resume();
  await bo.texts(letters);
  release();
  const again = (await next.texts(1 + letters)).slice(1);

  expect(again.filter((text) => !text.endsWith('"redelivered":true}'))).toEqual([]);
});
