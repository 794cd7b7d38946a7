import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { SessionEdge } from "./session-edge.ts";
import { createSessions } from "./sessions.ts";

/** Sessions whose openings and ends are counted; those called `broken` do not open. */
function counted(lingerMs: number) {
  const opened: string[] = [];
  const ended: string[] = [];
  const sessions = createSessions((id) => {
    opened.push(id);
    if (id === "broken") return Promise.reject(new Error("no room"));
    const session = {
      [Symbol.dispose]() {
        ended.push(id);
      },
    };
    return Promise.resolve(session as SessionEdge);
  }, lingerMs);
  return { sessions, opened, ended };
}

describe("a session", () => {
  it("is opened once for all that enter it, at once or later", async () => {
    const { sessions, opened } = counted(60_000);
    using all = sessions;

    const visits = await Promise.all(["red", "red", "blue"].map((id) => all.enter(id)));
    const later = await all.enter("red");

    expect(opened).toEqual(["red", "blue"]);
    expect(later.session).toBe(visits[0]?.session);
    expect(all.size).toBe(2);
  });

  it("ends a while after the last one has left, and the next one opens it anew", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { sessions, opened, ended } = counted(1_000);
    using all = sessions;
    const [first, second] = [await all.enter("red"), await all.enter("red")];
    const endedAfter = async (ms: number): Promise<number> => {
      await vi.advanceTimersByTimeAsync(ms);
      return ended.length;
    };

    first[Symbol.dispose]();
    first[Symbol.dispose]();
    const whileVisited = await endedAfter(5_000);
    second[Symbol.dispose]();
    const seen = [whileVisited, await endedAfter(999), await endedAfter(1)];
    await all.enter("red");

    expect([seen, opened]).toEqual([
      [0, 0, 1],
      ["red", "red"],
    ]);
  });

  it("stays when somebody comes before it ends", async () => {
    const { sessions, opened, ended } = counted(60_000);
    using all = sessions;
    (await all.enter("red"))[Symbol.dispose]();
    await all.enter("red");

    expect([opened, ended]).toEqual([["red"], []]);
  });

  it("that cannot be opened is tried again by the next one", async () => {
    const { sessions, opened } = counted(60_000);
    using all = sessions;

    await expect(all.enter("broken")).rejects.toThrow("no room");
    await expect(all.enter("broken")).rejects.toThrow("no room");

    expect([opened, all.size]).toEqual([["broken", "broken"], 0]);
  });

  it("ends with all of them", async () => {
    const { sessions, ended } = counted(60_000);
    await Promise.all(["red", "blue"].map((id) => sessions.enter(id)));

    sessions[Symbol.dispose]();
    await Promise.resolve();

    expect(ended).toEqual(["red", "blue"]);
  });
});
