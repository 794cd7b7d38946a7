import { expect, it } from "vitest";
import { Ending } from "./ending.ts";

it("is not over before its end", () => {
  const ending = new Ending();
  expect([ending.isOver, ending.signal.aborted]).toEqual([false, false]);
});

it("aborts the signal that somebody looked up before", () => {
  const ending = new Ending();
  let heard = 0;
  ending.signal.addEventListener("abort", () => (heard += 1));
  ending.end();
  expect([ending.isOver, heard]).toEqual([true, 1]);
});

it("gives whoever looks it up later a signal that is aborted", () => {
  const ending = new Ending();
  ending.end();
  expect(ending.signal.aborted).toBe(true);
});

it("has one signal", () => {
  const ending = new Ending();
  expect(ending.signal).toBe(ending.signal);
});
