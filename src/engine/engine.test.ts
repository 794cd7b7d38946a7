/** Streams over time: deadlines that come by themselves, silence, gaps, epochs, and streams that come and go. */
import { describe, expect, it } from "vitest";
import { dumpOf } from "../core/session/dump.test.fixture.ts";
import { session } from "../core/session/session.ts";
import { type SessionId, streamOf } from "../wire/ids.ts";
import { createEngine } from "./engine.ts";
import {
  codeOf,
  DISK_FULL,
  intent,
  logOf,
  loops,
  messageOf,
  openWorld,
  SESSION,
  STREAM,
  touchyStore,
  type World,
  worldWith,
} from "./engine.test.fixture.ts";
import { silentLog } from "./log.ts";
import { createManualClock, type ManualClock } from "./manual-clock.test.fixture.ts";

const HOUR_MS = 3_600_000;

const stateOf = (world: World, id: string) => world.stream.host.query(({ intents }) => intents.get(id as never)?.state);
const presenceOf = (world: World, principal: string) =>
  world.stream.host.query(({ participants }) => participants.get(principal as never)?.presence);

describe("a deadline", () => {
  it("is decided when it is due, though nobody asks", async () => {
    await using world = await worldWith(["ana"]);
    using _ = world.stream.presence.hold("ana");
    await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 300 }));

    await world.pass(299_999);
    expect(await stateOf(world, "a")).toBe("ACTIVE");
    await world.pass(1);

    expect(await world.happened(3)).toEqual(["IntentEnded"]);
    expect((await logOf(world.store)).at(-1)?.atMs).toBe(world.clock.wallMs());
  });

  it("that is moved comes at its new time", async () => {
    await using world = await worldWith(["ana"]);
    using _ = world.stream.presence.hold("ana");
    await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 100 }));
    await world.pass(60_000);
    await world.says("ana", "INTENT_UPDATE", { intent_id: "a" });

    await world.pass(99_000);
    expect(await stateOf(world, "a")).toBe("ACTIVE");
    await world.pass(1_000);

    expect(await stateOf(world, "a")).toBe("EXPIRED");
  });
});

describe("somebody who is silent", () => {
  it("lapses after 90 seconds, and its intents are suspended", async () => {
    await using world = await worldWith(["ana"]);
    await world.says("ana", "INTENT_ANNOUNCE", intent("a"));

    await world.pass(90_000);
    expect(await presenceOf(world, "ana")).toBe("available");
    await world.pass(5_000);

    expect(await world.happened(3)).toEqual(["ParticipantLapsed IntentSuspended"]);
  });

  it("does not lapse while anything is heard of it, nor while its socket is held", async () => {
    await using world = await worldWith(["ana", "bo"]);
    const { presence } = world.stream;
    const socket = presence.hold("bo");
    for (let minute = 0; minute < 10; minute += 1) {
      presence.heard("ana", world.engine.nowMs());
      await world.pass(60_000);
    }
    expect(await world.happened(3)).toEqual([]);

    socket[Symbol.dispose]();
    presence.heard("ana", world.engine.nowMs());
    await world.pass(90_000);
    expect(await presenceOf(world, "bo")).toBe("available");
    presence.heard("ana", world.engine.nowMs());
    await world.pass(5_000);

    expect([await presenceOf(world, "ana"), await presenceOf(world, "bo")]).toEqual(["available", "unavailable"]);
  });

  it("counts as heard when it joined, whatever was heard before", async () => {
    await using world = await openWorld();
    await world.pass(10 * 60_000);
    const command = messageOf("ana", "HELLO");
    world.stream.host.submit({ command, actor: { principal: "ana", verified: "asserted" } }, () => undefined);
    await loops();

    await world.pass(90_000);
    expect(await presenceOf(world, "ana")).toBe("available");
    await world.pass(5_000);

    expect(await presenceOf(world, "ana")).toBe("unavailable");
  });

  it("does not lapse while nothing can be recorded, and does when it can", async () => {
    await using world = await worldWith(["ana"]);
    world.store.failing = DISK_FULL;
    await world.says("ana", "HEARTBEAT", { status: "1" });
    await world.pass(200_000);
    expect(await presenceOf(world, "ana")).toBe("available");

    world.store.failing = undefined;
    await world.pass(10_000);

    expect(await presenceOf(world, "ana")).toBe("unavailable");
  });
});

describe.each<readonly [string, (clock: ManualClock) => void]>([
  ["both clocks moved an hour", (clock) => clock.sleep(HOUR_MS)],
  ["the wall clock moved an hour", (clock) => clock.setWall(HOUR_MS)],
  ["the monotonic clock moved an hour", (clock) => clock.skipMonotonic(HOUR_MS)],
])("a machine on which %s while nothing ran", (_, sleep) => {
  async function asleep(): Promise<World> {
    const world = await worldWith(["ana", "bo"]);
    await world.says("ana", "INTENT_ANNOUNCE", intent("a"));
    await world.says("bo", "INTENT_ANNOUNCE", intent("b"));
    await world.pass(2_000);
    sleep(world.clock);
    return world;
  }

  it("records that before anything else, also when a command comes first", async () => {
    await using world = await asleep();

    const outcome = await world.says("ana", "INTENT_UPDATE", { intent_id: "a" });

    expect(codeOf(outcome)).toBe("ok");
    expect(await world.happened(5)).toEqual(["Resumed", "IntentUpdated"]);
  });

  it("lets nobody lapse or expire who comes back in the grace that follows", async () => {
    await using world = await asleep();
    await world.pass(85_000);

    await world.says("ana", "INTENT_UPDATE", { intent_id: "a" });
    await world.pass(20_000);

    expect([await presenceOf(world, "ana"), await stateOf(world, "a")]).toEqual(["available", "ACTIVE"]);
    expect(await presenceOf(world, "bo")).toBe("unavailable");
    expect((await world.happened(5)).slice(0, 2)).toEqual(["Resumed", "IntentUpdated"]);
  });

  it("records it even if the log takes no records just then", async () => {
    await using world = await asleep();
    world.store.failing = DISK_FULL;
    await world.pass(20_000);
    expect(await world.happened(5)).toEqual([]);

    world.store.failing = undefined;
    await world.pass(1_000);

    expect(await world.happened(5)).toEqual(["Resumed"]);
    expect(await stateOf(world, "a")).toBe("ACTIVE");
  });
});

it("says since when nobody was heard: since the last look at the clocks", async () => {
  await using world = await openWorld();
  await world.pass(12_000);
  const lastLookMs = world.clock.wallMs() - 2_000;

  world.clock.sleep(HOUR_MS);
  await world.pass(0);
  await world.pass(1);

  const resumed = (await logOf(world.store)).at(-1);
  expect(resumed?.command).toEqual({ type: "Resumed", fromMs: lastLookMs });
});

describe("a wall clock that is set back an hour", () => {
  it("does not take the session back, and deadlines come by the monotonic clock", async () => {
    await using world = await worldWith(["ana"]);
    using _ = world.stream.presence.hold("ana");
    await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 200 }));
    await world.pass(10_000);
    const nowMs = world.engine.nowMs();

    world.clock.setWall(-HOUR_MS);
    await world.pass(60_000);
    expect(world.engine.nowMs()).toBe(nowMs + 60_000);
    expect(await stateOf(world, "a")).toBe("ACTIVE");
    await world.pass(130_000);

    expect(await stateOf(world, "a")).toBe("EXPIRED");
    const times = (await logOf(world.store)).map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("between two processes does not take the log back", async () => {
    const store = touchyStore();
    const clock = createManualClock();
    await using first = await worldWith(["ana"], { store, clock });
    await first.engine.close();
    const lastMs = (await logOf(store)).at(-1)?.atMs ?? 0;

    clock.setWall(-HOUR_MS);
    await using second = await worldWith(["bo"], { store, clock });

    expect((await logOf(store)).at(-1)?.atMs).toBe(lastMs);
    clock.advance(1_000);
    expect(second.engine.nowMs()).toBe(lastMs + 1_000);
  });
});

it("a log of another session that ends in the future takes nobody's task", async () => {
  const store = touchyStore();
  const clock = createManualClock();
  const other = "other" as SessionId;
  clock.setWall(HOUR_MS);
  await using early = createEngine({ store, log: silentLog, node: "early", clock });
  await early.open(session, other, {});
  await early.close();
  clock.setWall(-HOUR_MS);
  await using world = await worldWith(["ana"], { store, clock });
  await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 300 }));
  await world.pass(7_000);

  await world.engine.open(session, other, {});
  await world.pass(20_000);

  expect(await world.happened(3)).toEqual(["Resumed"]);
  expect([await stateOf(world, "a"), await presenceOf(world, "ana")]).toEqual(["ACTIVE", "available"]);
});

describe("opening", () => {
  it("raises the epoch once for each process, and a later one resumes what it finds", async () => {
    const store = touchyStore();
    const clock = createManualClock();
    await using first = await worldWith(["ana"], { store, clock });
    await first.says("ana", "INTENT_ANNOUNCE", intent("a"));
    await first.engine.close();
    clock.sleep(HOUR_MS);

    await using second = await openWorld({ store, clock });
    await second.says("ana", "HEARTBEAT", { status: "back" });

    expect(await second.happened(3)).toEqual(["Opened", "Resumed", "ParticipantStatus"]);
    expect(await second.stream.host.query(({ epoch }) => epoch)).toBe(2);
    expect(await stateOf(second, "a")).toBe("ACTIVE");
  });

  it("gives everybody who asks the same host", async () => {
    await using world = await openWorld();

    const [one, two] = await Promise.all([world.engine.open(session, SESSION, {}), world.engine.open(session, SESSION, {})]);

    expect(one.host).toBe(world.stream.host);
    expect(two.host).toBe(world.stream.host);
  });

  it("is told to whoever waits for a stream, each time that it becomes live and until they leave", async () => {
    await using world = await openWorld({ listens: false });
    const heard: string[] = [];
    const hearing = world.engine.onLive((stream) => heard.push(stream));
    const other = "t" as SessionId;

    await world.engine.open(session, other, {});
    await world.engine.open(session, other, {});
    const once = [...heard];
    await world.pass(70_000);
    await world.engine.open(session, other, {});
    hearing[Symbol.dispose]();
    await world.engine.open(session, "u" as SessionId, {});

    expect([once, heard]).toEqual([["t/session"], ["t/session", "t/session"]]);
  });

  it("asks the log for one stream, however many others there are", async () => {
    await using world = await openWorld();
    world.store.streams = () => Promise.reject(new Error("all of them were listed"));

    expect([await world.engine.has(STREAM), await world.engine.has(streamOf("other" as SessionId, "session"))]).toEqual([true, false]);
  });

  it("keeps sessions apart", async () => {
    await using world = await worldWith(["ana"]);

    const other = await world.engine.open(session, "other" as SessionId, {});

    expect(await other.host.query(({ participants, id }) => [participants.size, id])).toEqual([0, "other"]);
  });

  it("of a store that takes no records answers questions, and records itself once when it can", async () => {
    const store = touchyStore();
    store.failing = DISK_FULL;
    await using world = await openWorld({ store });
    expect(await world.stream.host.query(({ epoch }) => epoch)).toBe(0);
    await world.pass(5_000);

    store.failing = undefined;
    await world.pass(1_000);
    await world.says("ana", "HELLO");

    expect(await world.happened()).toEqual(["Opened", "ParticipantJoined"]);
  });

  it("that a rule broke is made up for at the next turn", async () => {
    let broken = true;
    const aggregate: typeof session = {
      ...session,
      decide(state, command, at) {
        if (broken && !("message_type" in command) && command.type === "Opened") throw new Error("a bug");
        return session.decide(state, command, at);
      },
    };
    await using world = await openWorld({ aggregate });
    broken = false;

    await world.says("ana", "HELLO");

    expect(await world.happened()).toEqual(["Opened", "ParticipantJoined"]);
  });

  it("of a log that cannot be read fails, and the next one tries again", async () => {
    await using world = await openWorld();
    world.store.hiding = new Error("unplugged");
    await expect(world.engine.open(session, "other" as SessionId, {})).rejects.toThrow("unplugged");

    world.store.hiding = undefined;

    expect((await world.engine.open(session, "other" as SessionId, {})).host.writable).toBe(true);
  });
});

describe("a stream that nobody listens to", () => {
  const UNHEARD = { listens: false };
  const again = (world: World) => world.engine.open(session, SESSION, {});

  it("is dropped after a minute and is the same when it is opened again, in the same epoch", async () => {
    await using world = await worldWith(["ana", "bo"], UNHEARD);
    await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 3_000 }));
    const before = await world.stream.host.query(dumpOf);
    await world.pass(70_000);

    const { host } = await again(world);

    expect(host).not.toBe(world.stream.host);
    expect(await host.query(dumpOf)).toBe(before);
    expect(await world.happened(4)).toEqual([]);
  });

  it("is kept while somebody does", async () => {
    await using world = await openWorld(UNHEARD);
    using _ = world.stream.host.subscribe(() => undefined);
    await world.pass(10 * 60_000);

    expect((await again(world)).host).toBe(world.stream.host);
  });

  it("is kept while somebody asks for it now and then, as requests do that listen to nothing", async () => {
    await using world = await openWorld(UNHEARD);
    for (let asked = 0; asked < 20; asked += 1) {
      await world.pass(10_000);
      await again(world);
    }

    expect((await again(world)).host).toBe(world.stream.host);
    await world.pass(70_000);
    expect((await again(world)).host).not.toBe(world.stream.host);
  });

  it("decides what fell due meanwhile when it is opened again", async () => {
    await using world = await worldWith(["ana"], UNHEARD);
    await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 100 }));
    await world.pass(70_000);
    await world.pass(100_000);
    expect(await world.happened(3)).toEqual([]);

    await again(world);

    expect(await world.happened(3)).toEqual(["IntentEnded"]);
  });

  it("is told of the gap that came while it was dropped, once", async () => {
    await using world = await worldWith(["ana"], UNHEARD);
    await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 100 }));
    await world.pass(70_000);
    world.clock.sleep(HOUR_MS);
    await world.pass(1);

    const { host } = await again(world);

    expect(await world.happened(3)).toEqual(["Resumed"]);
    expect(await host.query(({ liveIntents }) => liveIntents.size)).toBe(1);
    await world.pass(70_000);
    await again(world);
    expect(await world.happened(4)).toEqual([]);
  });

  it("takes nothing more once it is dropped, and says so", async () => {
    await using world = await openWorld(UNHEARD);
    await world.pass(70_000);

    expect(codeOf(await world.says("ana", "HELLO"))).toBe("store/unavailable");
    await expect(world.stream.host.query(() => 1)).rejects.toThrow("s/session is being closed here");
  });
});

describe("closing", () => {
  it("answers what is queued and takes no more", async () => {
    await using world = await worldWith(["ana"]);
    const inFlight = world.store.hold();
    const queued = world.sayAll([
      ["ana", "HEARTBEAT", { status: "1" }],
      ["ana", "HEARTBEAT", { status: "2" }],
    ]);
    await inFlight;
    const next = world.says("ana", "HEARTBEAT", { status: "3" });
    const asked = world.stream.host.query((_, revision) => revision);

    const closed = world.engine.close();
    await loops(1);
    const late = world.says("ana", "HEARTBEAT", { status: "4" });
    world.store.release();
    await closed;

    expect([...(await queued), await next, await late].map(codeOf)).toEqual(["ok", "ok", "ok", "store/unavailable"]);
    expect(await asked).toBe(5);
    await expect(world.engine.open(session, SESSION, {})).rejects.toThrow("the engine is closed");
  });

  it("waits for a stream that is being opened, and leaves no timer behind", async () => {
    const clock = createManualClock();
    const engine = createEngine({ store: touchyStore(), log: silentLog, node: "n", clock });
    const opening = engine.open(session, SESSION, {});

    await engine.close();

    const { host } = await opening;
    expect(host.revision).toBe(1);
    await expect(host.query(() => 1)).rejects.toThrow("is being closed here");
    expect(clock.untilNextMs).toBeUndefined();
    await engine.close();
  });

  it("while the log takes no records refuses what is queued and leaves no timer behind", async () => {
    await using world = await worldWith(["ana"]);
    const inFlight = world.store.hold();
    const queued = world.says("ana", "HEARTBEAT", { status: "1" });
    await inFlight;
    world.store.failing = DISK_FULL;

    const closed = world.engine.close();
    world.store.release();
    await closed;

    expect(codeOf(await queued)).toBe("store/unavailable");
    expect(world.clock.untilNextMs).toBeUndefined();
  });

  it("leaves the session open: everybody in it is found by the next process", async () => {
    const store = touchyStore();
    await using first = await worldWith(["ana"], { store });
    await first.engine.close();

    await using second = await openWorld({ store });

    expect(await presenceOf(second, "ana")).toBe("available");
  });
});

it("names the process and the sender in every record, and keeps the message as it came", async () => {
  await using world = await worldWith(["ana"], { node: "host:1" });

  const [opened, joined] = await logOf(world.store);

  expect(opened).toMatchObject({
    node: "host:1",
    actor: { principal: "service:coordinator", verified: "self" },
    command: { type: "Opened" },
  });
  expect(joined).toMatchObject({
    node: "host:1",
    actor: { principal: "ana", verified: "asserted" },
    command: { message_type: "HELLO", sender: { principal_id: "ana", sender_instance_id: "ana:1" } },
  });
  expect(opened?.seed).not.toBe(joined?.seed);
});
