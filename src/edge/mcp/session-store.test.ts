import { describe, expect, it, onTestFinished } from "vitest";
import { mcp } from "../../core/mcp/mcp.ts";
import { detailsOf } from "../../core/mcp/mcp.test.fixture.ts";
import { loops, touchyStore } from "../../engine/engine.test.fixture.ts";
import { createEngine, type Engine } from "../../engine/engine.ts";
import { silentLog } from "../../engine/log.ts";
import { createManualClock } from "../../engine/manual-clock.test.fixture.ts";
import { StoreUnavailable } from "../../store/errors.ts";
import { type SessionId, streamOf } from "../../wire/ids.ts";
import { createSessionStore, hashOfId, type SessionStore } from "./session-store.ts";

const S = "s" as SessionId;
const ANA = detailsOf("ana");
const HOUR = 60;

/** Session stores on one log and one clock, one process after the other. */
function world({ capacity = 10, mostFollowed }: { readonly capacity?: number; readonly mostFollowed?: number } = {}) {
  const store = touchyStore();
  const clock = createManualClock();

  function start(): { readonly engine: Engine; readonly sessions: SessionStore; readonly ended: string[]; die(): Promise<void> } {
    const engine = createEngine({ store, log: silentLog, node: "n", clock });
    const open = async (id: SessionId) => (await engine.open(mcp, id, { capacity })).host;
    const sessions = createSessionStore({ engine, open, clock, mostFollowed });
    const ended: string[] = [];
    sessions.onClosed((sessionId, idHash) => ended.push(`${sessionId} ${idHash}`));
    const die = async (): Promise<void> => {
      sessions[Symbol.dispose]();
      await engine.close();
    };
    onTestFinished(die);
    return { engine, sessions, ended, die };
  }

  return {
    store,
    clock,
    start,
    /** Minutes pass one by one, and what they wake has run. */
    async pass(minutes: number): Promise<void> {
      for (let minute = 0; minute < minutes; minute += 1) {
        clock.advance(60_000);
        await loops(3);
      }
    },
    /** The types of the events of each record, and everything that is on the log as text. */
    async recorded(): Promise<{ readonly types: string[]; readonly text: string }> {
      const texts: string[] = [];
      for await (const { text } of store.read(streamOf(S, "mcp"), 0)) texts.push(text);
      const types = texts.flatMap((text) => (JSON.parse(text) as { events: { type: string }[] }).events.map(({ type }) => type));
      return { types, text: texts.join("\n") };
    },
  };
}

async function openOne(sessions: SessionStore): Promise<string> {
  const opened = await sessions.open(S, ANA);
  if ("rejection" in opened) throw new Error(opened.rejection.message);
  return opened.id;
}

async function codeOf(opened: ReturnType<SessionStore["open"]>): Promise<string> {
  const it = await opened;
  return "id" in it ? "ok" : it.rejection.code;
}

describe("where as many are open as may be", () => {
  it("gives way whoever has most, with what it has not used for longest, until others have as many", async () => {
    const theirs = world({ capacity: 4 });
    const { sessions } = theirs.start();
    const ids = [await openOne(sessions), await openOne(sessions), await openOne(sessions), await openOne(sessions)];
    await theirs.pass(1);
    for (const id of [ids[0], ids[1], ids[3]]) await sessions.find(S, id ?? "");
    sessions.hold(S, hashOfId(ids[0] ?? ""));

    const codes = [];
    for (const name of ["ana", "bo", "bo", "bo"]) codes.push(await codeOf(sessions.open(S, detailsOf(name))));
    const left = await Promise.all(ids.map((id) => sessions.find(S, id)));

    expect(codes).toEqual(["mcp/too-many-sessions", "ok", "ok", "mcp/too-many-sessions"]);
    expect(left.map((one) => one !== undefined)).toEqual([true, false, false, true]);
  });
});

describe("an MCP session of a client", () => {
  it("is found by its id, with what its client said, and by no other", async () => {
    const { sessions } = world().start();
    const id = await openOne(sessions);

    expect(await sessions.find(S, id)).toMatchObject(ANA);
    expect(await sessions.find(S, `${id}x`)).toBeUndefined();
    expect(await sessions.find("another", id)).toBeUndefined();
  });

  it("has 32 random bytes for an id, which are nowhere on the log", async () => {
    const theirs = world();
    const { sessions } = theirs.start();
    const id = await openOne(sessions);
    await sessions.subscribe(S, id, "signalbox://lanes");
    await sessions.close(S, id);

    const { text } = await theirs.recorded();
    expect(id).toMatch(/^[\w-]{43}$/);
    expect(text).not.toContain(id);
    expect(text).toContain(hashOfId(id));
  });

  it("outlives the process with its subscriptions", async () => {
    const theirs = world();
    const first = theirs.start();
    const id = await openOne(first.sessions);
    await first.sessions.subscribe(S, id, "signalbox://lanes");
    await first.sessions.subscribe(S, id, "signalbox://board");
    await first.sessions.unsubscribe(S, id, "signalbox://lanes");
    await first.die();

    const found = await theirs.start().sessions.find(S, id);

    expect(found).toMatchObject({ ...ANA, subscriptions: new Set(["signalbox://board"]) });
  });

  it("is there before its id is given out, and not at all where the log takes nothing", async () => {
    const theirs = world();
    const { sessions } = theirs.start();
    await openOne(sessions);
    const held = theirs.store.hold();
    let isGiven = false;
    const opening = openOne(sessions).then((id) => ((isGiven = true), id));
    await held;

    expect(isGiven).toBe(false);
    theirs.store.release();
    await opening;
    theirs.store.failing = new StoreUnavailable("s", "full");
    expect(await codeOf(sessions.open(S, ANA))).toBe("store/unavailable");
  });

  it("is found while a record is on its way to the disk", async () => {
    const theirs = world();
    const { sessions } = theirs.start();
    const id = await openOne(sessions);
    const held = theirs.store.hold();
    const subscribing = sessions.subscribe(S, id, "signalbox://lanes");
    await held;

    expect([...((await sessions.find(S, id))?.subscriptions ?? ["?"])]).toEqual([]);
    theirs.store.release();
    await subscribing;
    expect([...((await sessions.find(S, id))?.subscriptions ?? [])]).toEqual(["signalbox://lanes"]);
  });

  it("is gone once its client has ended it, which is told once", async () => {
    const { sessions, ended } = world().start();
    const id = await openOne(sessions);

    expect(await sessions.close(S, id)).toBeUndefined();
    expect(await sessions.find(S, id)).toBeUndefined();
    expect((await sessions.close(S, id))?.code).toBe("mcp/unknown-session");
    expect((await sessions.subscribe(S, id, "signalbox://lanes"))?.code).toBe("mcp/unknown-session");
    expect(ended).toEqual([`s ${hashOfId(id)}`]);
  });

  it("is refused with what to say less of, where its client says too much", async () => {
    const { sessions } = world().start();

    const opened = await sessions.open(S, { ...ANA, clientInfo: { name: "x".repeat(300), version: "1" } });

    expect(opened).toMatchObject({ rejection: { code: "message/malformed" } });
    expect("rejection" in opened && opened.rejection.message).toContain("clientInfo.name");
  });

  it("keeps of its client's capabilities those that a server asks for later", async () => {
    const { sessions } = world().start();
    const capabilities = { elicitation: { form: {} }, experimental: { large: "x".repeat(10_000) } };

    const opened = await sessions.open(S, { ...ANA, capabilities });

    expect(await sessions.find(S, "id" in opened ? opened.id : "")).toMatchObject({ capabilities: { elicitation: { form: {} } } });
    expect(JSON.stringify(await sessions.find(S, "id" in opened ? opened.id : ""))).not.toContain("experimental");
  });
});

describe("of all MCP sessions", () => {
  it("as many are open as may be, however many ask at once, and one more when one has ended", async () => {
    const { sessions } = world({ capacity: 2 }).start();

    const first = await openOne(sessions);
    const codes = await Promise.all([1, 2].map(() => codeOf(sessions.open(S, ANA))));
    expect(codes.toSorted()).toEqual(["mcp/too-many-sessions", "ok"]);
    expect(await codeOf(sessions.open("another", ANA))).toBe("ok");
    await sessions.close(S, first);
    expect(await codeOf(sessions.open(S, ANA))).toBe("ok");
  });

  it("none is looked for in a log that nobody has made", async () => {
    const theirs = world();
    const { sessions, engine } = theirs.start();

    await sessions.find(S, "made up");
    await sessions.subscribe(S, "made up", "signalbox://lanes");

    expect(await engine.has(streamOf(S, "mcp"))).toBe(false);
  });

  it("none that is made up has the log read again and again, while none is open", async () => {
    const theirs = world();
    const { sessions } = theirs.start();
    await sessions.close(S, await openOne(sessions));
    await theirs.pass(5);
    theirs.store.hiding = new Error("the log was read");

    expect(await sessions.find(S, "made up")).toBeUndefined();
  });

  it("none leaves a record for a request", async () => {
    const theirs = world();
    const { sessions } = theirs.start();
    const id = await openOne(sessions);
    for (let request = 0; request < 100; request += 1) await sessions.find(S, id);

    expect((await theirs.recorded()).types).toEqual(["Opened", "SessionOpened"]);
  });
});

describe("what is followed", () => {
  /** Subscribes to as many resources as there is room for, of so many characters each, and gives how many those are. */
  async function fill(sessions: SessionStore, id: string, name: string): Promise<number> {
    for (let count = 0; ; count += 1) {
      const rejection = await sessions.subscribe(S, id, name.repeat(744) + count);
      if (rejection === undefined) continue;
      expect(rejection.code).toBe("mcp/too-many-subscriptions");
      return count;
    }
  }

  it("may be half of what there is room for by one credential, in however many sessions, and all of it by all", async () => {
    const { sessions } = world({ mostFollowed: 8_100 }).start();
    const [first, second] = [await openOne(sessions), await openOne(sessions)];
    const opened = await sessions.open(S, detailsOf("bo"));
    const third = "id" in opened ? opened.id : "";

    const ofAna = [await fill(sessions, first, "a"), await fill(sessions, second, "b")];
    const ofBo = await fill(sessions, third, "c");
    const repeated = await sessions.subscribe(S, first, `${"a".repeat(744)}0`);
    await sessions.close(S, first);
    const again = await fill(sessions, second, "d");

    expect([ofAna, ofBo, repeated, again]).toEqual([[4, 0], 4, undefined, 4]);
  });

  it("counts behind a restart as before", async () => {
    const shared = world({ mostFollowed: 8_100 });
    const before = shared.start();
    const id = await openOne(before.sessions);
    await fill(before.sessions, id, "a");
    await before.die();

    const { sessions } = shared.start();

    expect(await fill(sessions, id, "b")).toBe(0);
  });
});

describe("an MCP session that nobody uses", () => {
  it("expires after an hour, on the log too", async () => {
    const theirs = world();
    const { sessions, ended } = theirs.start();
    const id = await openOne(sessions);
    await theirs.pass(HOUR - 1);
    const before = [...ended];
    await theirs.pass(1);

    expect([before, ended]).toEqual([[], [`s ${hashOfId(id)}`]]);
    expect(await sessions.find(S, id)).toBeUndefined();
    expect((await theirs.recorded()).types).toEqual(["Opened", "SessionOpened", "SessionClosed"]);
  });

  it("has another hour with each request", async () => {
    const theirs = world();
    const { sessions } = theirs.start();
    const id = await openOne(sessions);
    await theirs.pass(HOUR - 1);
    await sessions.find(S, id);
    await theirs.pass(HOUR - 1);

    expect(await sessions.find(S, id)).toBeDefined();
  });

  it("stays while a stream is open, and an hour longer", async () => {
    const theirs = world();
    const { sessions, ended } = theirs.start();
    const id = await openOne(sessions);
    const [one, other] = [sessions.hold(S, hashOfId(id)), sessions.hold(S, hashOfId(id))];
    await theirs.pass(2 * HOUR);
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    await theirs.pass(2 * HOUR);
    other[Symbol.dispose]();
    await theirs.pass(HOUR - 1);
    const before = [...ended];
    await theirs.pass(1);

    expect([before, ended.length]).toEqual([[], 1]);
  });

  it("does not expire by the time in which the machine slept", async () => {
    const theirs = world();
    const { sessions, ended } = theirs.start();
    await openOne(sessions);
    theirs.clock.sleep(10 * HOUR * 60_000);
    // One look was overdue.
    await theirs.pass(HOUR - 2);

    expect(ended).toEqual([]);
  });

  it("has a whole hour again after a restart", async () => {
    const theirs = world();
    const first = theirs.start();
    const id = await openOne(first.sessions);
    await theirs.pass(HOUR - 1);
    await first.die();
    const { sessions } = theirs.start();
    await sessions.find(S, id);
    await theirs.pass(HOUR - 1);

    expect(await sessions.find(S, id)).toBeDefined();
  });

  it("expires once the log takes records again, where it took none", async () => {
    const theirs = world();
    const { sessions, ended } = theirs.start();
    await openOne(sessions);
    theirs.store.failing = new StoreUnavailable("s", "full");
    await theirs.pass(HOUR);
    const meanwhile = ended.length;
    theirs.store.failing = undefined;
    await theirs.pass(2);

    expect([meanwhile, ended.length]).toEqual([0, 1]);
  });

  it("leaves nothing running behind an hour after it was the last", async () => {
    const theirs = world();
    const { sessions, engine } = theirs.start();
    const id = await openOne(sessions);
    await sessions.close(S, id);
    await theirs.pass(HOUR);
    await engine.close();

    expect(theirs.clock.untilNextMs).toBeUndefined();
  });
});

it("holds no log and no timer once it is disposed of", async () => {
  const theirs = world();
  const { sessions, engine } = theirs.start();
  await openOne(sessions);
  sessions[Symbol.dispose]();

  expect((await engine.open(mcp, S, {})).host.idle).toBe(true);
  await engine.close();
  expect(theirs.clock.untilNextMs).toBeUndefined();
});
