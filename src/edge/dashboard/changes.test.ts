/** What a page is told of commits, and what it is spared. */
import { describe, expect, it } from "vitest";
import { changes } from "./changes.ts";

/** A host whose revision the test moves. */
function part(revision: number) {
  const hearing = new Set<() => void>();
  return {
    revision,
    listeners: hearing,
    subscribe(hear: () => void) {
      hearing.add(hear);
      return { [Symbol.dispose]: () => void hearing.delete(hear) };
    },
    commit(count = 1) {
      this.revision += count;
      for (const hear of hearing) hear();
    },
  };
}

function begin() {
  const parts = { session: part(7), board: part(2) };
  const abort = new AbortController();
  return { ...parts, abort, told: changes(parts as never, abort.signal) };
}

describe("the changes of a session", () => {
  it("begin with where each part stands", async () => {
    const { told } = begin();

    expect([(await told.next()).value, (await told.next()).value]).toEqual([
      { part: "session", revision: 7 },
      { part: "board", revision: 2 },
    ]);
  });

  it("tell of a commit while somebody waits for it", async () => {
    const { told, board } = begin();
    await told.next();
    await told.next();
    const next = told.next();
    board.commit();

    expect((await next).value).toEqual({ part: "board", revision: 3 });
  });

  it("tell the last of many, and of each part", async () => {
    const { told, board, session } = begin();
    await told.next();
    await told.next();
    session.commit();
    board.commit(1_000);
    session.commit(5);

    expect([(await told.next()).value, (await told.next()).value]).toEqual([
      { part: "session", revision: 13 },
      { part: "board", revision: 1_002 },
    ]);
  });

  it("miss nothing that is committed while a change is being told", async () => {
    const { told, board, session } = begin();
    await told.next();
    session.commit();
    expect((await told.next()).value).toEqual({ part: "board", revision: 2 });
    board.commit();

    expect([(await told.next()).value, (await told.next()).value]).toEqual([
      { part: "session", revision: 8 },
      { part: "board", revision: 3 },
    ]);
  });

  it.each([
    { name: "while nobody waits", waits: false },
    { name: "while somebody waits", waits: true },
  ])("end with their signal $name, and let both parts go", async ({ waits }) => {
    const { told, abort, board, session } = begin();
    await told.next();
    await told.next();
    const next = waits ? told.next() : undefined;
    abort.abort();

    expect((await (next ?? told.next())).done).toBe(true);
    expect([session.listeners.size, board.listeners.size]).toEqual([0, 0]);
  });
});
