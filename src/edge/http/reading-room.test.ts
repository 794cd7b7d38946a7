import { expect, it } from "vitest";
import { createReadingRoom, roomIn } from "./reading-room.ts";

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

it("has for what is short a bound of its own, over however many bodies", () => {
  const reading = room();
  const short = Array.from({ length: 11 }, () => reading.claim("ana").holds(10));

  expect(short.indexOf(false)).toBe(10);
  expect([reading.claim("ana").holds(100), reading.claim("bo").holds(10)]).toEqual([true, true]);
});

it("takes what grows long out of the room of what is short", () => {
  const reading = room();
  const growing = Array.from({ length: 10 }, () => reading.claim("ana"));
  for (const claim of growing) claim.holds(10);

  growing[0]?.holds(11);

  expect([reading.claim("ana").holds(10), reading.claim("ana").holds(90), reading.claim("ana").holds(89)]).toEqual([true, false, true]);
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

it.each([
  { memoryMiB: 64, one: 48, all: 96 },
  { memoryMiB: 512, one: 64, all: 128 },
  { memoryMiB: 1_024, one: 128, all: 256 },
  { memoryMiB: 65_536, one: 128, all: 512 },
])("of $memoryMiB MiB takes a quarter, and always the longest body that may be sent", ({ memoryMiB, one, all }) => {
  const mib = 1024 * 1024;

  expect(roomIn(memoryMiB * mib)).toEqual({ maxOfOne: one * mib, maxOfAll: all * mib });
});
