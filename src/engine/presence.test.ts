/** Who was heard when. */
import { expect, it } from "vitest";
import { createPresence } from "./presence.ts";

it("knows when somebody was heard, and of others when it began to listen", () => {
  const presence = createPresence(100, () => 0);
  presence.heard("ana", 150);

  expect([presence.lastHeardMs("ana", 500), presence.lastHeardMs("bo", 500)]).toEqual([150, 100]);
});

it("hears whoever is held now, and until the last hold was let go", () => {
  let nowMs = 200;
  const presence = createPresence(100, () => nowMs);
  const holds = [presence.hold("ana"), presence.hold("ana")];

  holds[0]?.[Symbol.dispose]();
  holds[0]?.[Symbol.dispose]();
  expect(presence.lastHeardMs("ana", 500)).toBe(500);
  nowMs = 600;
  holds[1]?.[Symbol.dispose]();

  expect(presence.lastHeardMs("ana", 900)).toBe(600);
});

it("counts everyone as heard after a time in which nobody could be", () => {
  const presence = createPresence(100, () => 0);
  presence.heard("ana", 150);
  presence.resume(200, 400);
  presence.heard("bo", 450);

  expect(["ana", "bo", "cy"].map((principal) => presence.lastHeardMs(principal, 500))).toEqual([400, 450, 400]);
});

it("forgets what was long ago, and nobody who is held", () => {
  const presence = createPresence(100, () => 0);
  presence.heard("ana", 150);
  presence.heard("bo", 200);
  presence.heard("cy", 150);
  using _ = presence.hold("cy");

  presence.forgetBefore(200);

  expect(["ana", "bo", "cy"].map((principal) => presence.lastHeardMs(principal, 500))).toEqual([100, 200, 500]);
});

it("knows how much of a time was slept through", () => {
  const presence = createPresence(100, () => 0);
  presence.resume(200, 400);
  presence.resume(1_000, 1_500);

  expect([100, 300, 400, 1_200, 1_500].map((ms) => presence.sleptSince(ms))).toEqual([700, 600, 500, 300, 0]);
  presence.forgetBefore(1_000);
  expect(presence.sleptSince(100)).toBe(500);
});
