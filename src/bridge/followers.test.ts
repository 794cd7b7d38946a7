import { expect, it, vi } from "vitest";
import { createFollowers } from "./followers.ts";

const everything = () => true;

function followed() {
  vi.useFakeTimers();
  const told: string[] = [];
  const followers = createFollowers((uri) => told.push(uri));
  return {
    followers,
    told,
    pass: () => vi.runAllTimers(),
    [Symbol.dispose]: () => void vi.useRealTimers(),
  };
}

it("tells of what is followed and about which something was heard, and of nothing else", () => {
  using at = followed();
  at.followers.subscribe("a");
  at.followers.listen(1, ["b", "c"]);

  at.followers.changed((uri) => uri !== "c");
  at.pass();

  expect(at.told).toEqual(["a", "b"]);
});

it("tells of many changes once, and of the next ones again", () => {
  using at = followed();
  at.followers.subscribe("a");
  at.followers.listen(1, ["a"]);

  for (let times = 0; times < 50; times += 1) at.followers.changed(everything);
  at.pass();
  at.followers.changed(everything);
  at.pass();

  expect(at.told).toEqual(["a", "a"]);
});

it("tells no more of what is followed no longer, in either way", () => {
  using at = followed();
  at.followers.subscribe("a");
  at.followers.listen(1, ["b"]);
  at.followers.listen("2", ["c"]);

  at.followers.unsubscribe("a");
  at.followers.over(1);
  at.followers.over(99);
  at.followers.changed(everything);
  at.pass();

  expect(at.told).toEqual(["c"]);
});

it("says what is followed, and each time that it may be something else", () => {
  const seen: boolean[] = [];
  const followers = createFollowers(
    () => undefined,
    () => void seen.push(followers.isFollowed((uri) => uri === "b")),
  );

  followers.subscribe("a");
  followers.listen(1, ["b"]);
  followers.subscribe("b");
  followers.over(1);
  followers.over(1);
  followers.unsubscribe("b");
  followers.unsubscribe("b");

  expect(seen).toEqual([false, true, true, true, false]);
});
