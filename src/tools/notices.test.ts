import { expect, it } from "vitest";
import { createNotices } from "./notices.ts";

it("gives what waits once, each sentence once, and the oldest not for ever", () => {
  const notices = createNotices();
  for (let n = 0; n <= 20; n += 1) notices.tell(`${n}`);
  notices.tell("5");

  const taken = notices.take();

  expect([taken[0], taken.at(-1), taken.length, notices.take()]).toEqual(["1", "5", 20, []]);
});

it("gives what is expected once it is true, in its last words", () => {
  const notices = createNotices();
  let isTrue = false;
  notices.expect("turn", "first", () => isTrue);
  notices.expect("turn", "second", () => isTrue);
  notices.expect("word", "now");

  const before = notices.take();
  isTrue = true;

  expect([before, notices.take(), notices.take()]).toEqual([["now"], ["second"], []]);
});

it("gives nothing that was forgotten, and forgets the oldest first", () => {
  const notices = createNotices();
  for (let n = 0; n <= 100; n += 1) notices.expect(`${n}`, `${n}`);

  const waited = [notices.forget("2"), notices.forget("2")];

  expect([waited, notices.take().slice(0, 2)]).toEqual([
    [true, false],
    ["1", "3"],
  ]);
});

it("gives a sentence once that several things expect", () => {
  const notices = createNotices();
  for (const about of ["one", { other: true }]) notices.expect(about, "the same");
  notices.tell("the same");

  expect(notices.take()).toEqual(["the same"]);
});
