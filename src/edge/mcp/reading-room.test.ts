import { expect, it } from "vitest";
import { createReadingRoom } from "./reading-room.ts";

const room = () => createReadingRoom({ maxOfOne: 100, maxOfAll: 150, shortBytes: 10 });

it("has its bound for each who sends, over all bodies of that one", () => {
  const reading = room();

  expect(reading.claim("ana").holds(60)).toBe(true);
  const second = reading.claim("ana");
  expect([40, 41].map((bytes) => second.holds(bytes))).toEqual([true, false]);
  expect(reading.claim("bo").holds(50)).toBe(true);
});

it("has its bound for all", () => {
  const reading = room();
  reading.claim("ana").holds(100);

  expect([50, 51].map((bytes) => reading.claim(`${bytes}`).holds(bytes))).toEqual([true, false]);
});

it("takes what is short, however full it is", () => {
  const reading = room();
  reading.claim("ana").holds(100);
  reading.claim("bo").holds(50);

  expect(["ana", "cy"].map((who) => reading.claim(who).holds(10))).toEqual([true, true]);
});

it("has room again for what was claimed once, when a body has come or broken off", () => {
  const reading = room();
  const first = reading.claim("ana");
  for (const bytes of [20, 60, 100]) first.holds(bytes);
  first[Symbol.dispose]();
  first[Symbol.dispose]();

  expect(reading.claim("ana").holds(100)).toBe(true);
  expect(reading.claim("ana").holds(11)).toBe(false);
});
