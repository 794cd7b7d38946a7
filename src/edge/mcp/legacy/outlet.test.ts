/** What leaves over one stream, and when its reader is let go. */
import { describe, expect, it } from "vitest";
import { createOutlet, type OutletOptions } from "./outlet.ts";

const LONG_MS = 3_600_000;

function opened(options: Partial<OutletOptions> = {}) {
  let ended = 0;
  const outlet = createOutlet({ heartbeatMs: LONG_MS, ...options, onEnd: () => (ended += 1) });
  const reader = outlet.body.getReader();
  const read = async () => {
    const { done, value } = await reader.read();
    return done ? undefined : Buffer.from(value).toString();
  };
  return { outlet, read, cancel: () => reader.cancel(), ended: () => ended };
}

describe("a stream to a client", () => {
  it("says what was said before and after it was asked for, and ends behind it, once", async () => {
    const { outlet, read, ended } = opened();

    outlet.send("1");
    const said = [await read()];
    const next = read();
    outlet.send("2");
    said.push(await next);
    outlet.send("3");
    outlet.end();
    outlet.end();
    outlet.send("4");
    said.push(await read(), await read());

    expect([said, ended()]).toEqual([["1", "2", "3", undefined], 1]);
  });

  it("ends where nothing waits, and when its reader has gone", async () => {
    const [waiting, gone] = [opened(), opened()];
    const last = waiting.read();

    waiting.outlet.end();
    await gone.cancel();

    expect([await last, waiting.ended(), gone.ended(), gone.outlet.isOpen]).toEqual([undefined, 1, 1, false]);
  });

  it("is not silent for long", async () => {
    const { read, cancel } = opened({ heartbeatMs: 1 });

    expect([await read(), await read()]).toEqual([": heartbeat\n\n", ": heartbeat\n\n"]);
    await cancel();
  });

  it("is cut when more waits than it may hold", async () => {
    const { outlet, read, ended } = opened({ maxBytes: 3 });

    outlet.send("12");
    outlet.send("34");
    outlet.send("5");

    await expect(read()).rejects.toThrow("too slow");
    expect([ended(), outlet.isOpen]).toEqual([1, false]);
  });

  it("is cut when its reader takes nothing for long", async () => {
    const { outlet, ended } = opened({ heartbeatMs: 1 });

    outlet.send("1");

    await expect.poll(ended).toBe(1);
  });

  it("says when everything is taken, also when nothing will be", async () => {
    const { outlet, read, cancel } = opened();
    outlet.send("1");
    let isDrained = false;
    const drained = outlet.drained().then(() => (isDrained = true));
    await read();
    const next = read();
    await drained;
    outlet.send("2");
    await next;
    outlet.send("3");
    const never = outlet.drained();
    await cancel();
    await never;

    expect(isDrained).toBe(true);
  });
});
