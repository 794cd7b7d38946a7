import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Settle } from "../../../tools/ports/settle.ts";
import { type Carrier, createWayBack } from "./way-back.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function carrier() {
  const hearers: Settle[] = [];
  const made: Carrier = { leaves: (hear) => void hearers.push(hear) };
  const tell = (left: boolean) => hearers.splice(0).map((hear) => hear(left));
  return { made, left: () => tell(true), lost: () => tell(false) };
}

function answered() {
  const [first, second, third] = [carrier(), carrier(), carrier()];
  const heard: boolean[] = [];
  let givenUp = 0;
  const wayBack = createWayBack(first.made, { onGivenUp: () => ((givenUp += 1), wayBack.close()), patienceMs: 1_000 });
  wayBack.onLeft((given) => {
    heard.push(given);
    return () => undefined;
  });
  return { wayBack, first, second, third, heard, givenUp: () => givenUp };
}

describe("an answer on a kept stream", () => {
  it("has left by the response that it was said in, and can be taken back there", () => {
    const { first, heard } = answered();

    const takeBacks = first.left();

    expect([heard, takeBacks]).toEqual([[true], [expect.any(Function)]]);
  });

  it("whose response was lost has left by the one in which its client reads on, however often it loses that", () => {
    const { wayBack, first, second, third, heard } = answered();
    first.lost();
    wayBack.goOn(second.made);
    second.lost();
    vi.advanceTimersByTime(999);
    wayBack.goOn(third.made);
    vi.advanceTimersByTime(1_000);
    const before = [...heard];

    third.left();

    expect([before, heard]).toEqual([[], [true]]);
  });

  it("has left by the response in which its client reads on already when it turns out that the one before was lost", () => {
    const { wayBack, first, second, heard } = answered();
    wayBack.goOn(second.made);
    first.lost();

    second.left();

    expect(heard).toEqual([true]);
  });

  it("has not left when its client does not come back for a while", () => {
    const { first, heard, givenUp } = answered();
    first.lost();
    vi.advanceTimersByTime(999);
    const before = [...heard];

    vi.advanceTimersByTime(1);

    expect([before, heard, givenUp()]).toEqual([[], [false], 1]);
  });

  it("has not left when its stream is kept no more, or was not when it was lost", () => {
    const [waiting, later] = [answered(), answered()];
    waiting.first.lost();
    waiting.wayBack.close();
    later.wayBack.close();
    later.first.lost();
    vi.advanceTimersByTime(1_000);

    expect([waiting.heard, later.heard, waiting.givenUp()]).toEqual([[false], [false], 0]);
  });
});
