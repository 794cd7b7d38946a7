import { expect, it } from "vitest";
import { haveOneShape, lastTwo } from "../../mcp/shape.test.fixture.ts";
import { createGuests } from "./guests.ts";

it("makes each guest like the one before, so that none keeps its request once it is answered", async () => {
  const guests = createGuests();
  const request = { signal: new AbortController().signal };

  const [one, other] = await lastTwo(() => Promise.resolve(guests.take(request, () => true)));

  expect(haveOneShape(one, other)).toBe(true);
});

it("tells a guest that its client has gone from one that is sent away", () => {
  const guests = createGuests();
  const client = new AbortController();
  using left = guests.take({ signal: client.signal }, () => true);
  using unwanted = guests.take({ signal: new AbortController().signal }, () => false);
  using stays = guests.take({ signal: new AbortController().signal }, () => true);

  client.abort();
  const dismissed = guests.dismiss();

  expect(dismissed).toBe(1);
  expect([left, unwanted, stays].map(({ signal, isSentAway }) => [signal.aborted, isSentAway])).toEqual([
    [true, false],
    [true, true],
    [false, false],
  ]);
});
