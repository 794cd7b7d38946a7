/** One stream: commands become records in turns, and nothing is seen or said before it is durable. */
import { describe, expect, it } from "vitest";
import { dumpOf } from "../core/session/dump.test.fixture.ts";
import { session } from "../core/session/session.ts";
import { RevisionConflict, StoreGone, StoreUnsynced } from "../store/errors.ts";
import { memoryStore } from "../store/memory.ts";
import { codeOf, DISK_FULL, intent, logOf, loops, messageOf, openWorld, STREAM, touchyStore, worldWith } from "./engine.test.fixture.ts";
import { createManualClock } from "./manual-clock.test.fixture.ts";

const BROKEN_SENTENCE = "boom";

/** The session, with a rule that breaks when somebody says a certain word. */
const fragile: typeof session = {
  ...session,
  decide(state, command, at) {
    if ("message_type" in command && JSON.stringify(command.payload).includes(BROKEN_SENTENCE)) throw new Error("a bug");
    return session.decide(state, command, at);
  },
};

describe("a turn", () => {
  it("appends at once what was submitted in one go", async () => {
    await using world = await worldWith(["ana", "bo", "cy"]);

    expect(world.store.tried).toEqual([1, 3]);
  });

  it("answers in the order of the log, each answer before its record is published", async () => {
    await using world = await worldWith(["ana", "bo"]);
    const heard: string[] = [];
    using _ = world.stream.host.subscribe((record) => heard.push(`record ${record.revision}`));

    await Promise.all([
      world.says("ana", "INTENT_ANNOUNCE", intent("a")).then(() => undefined),
      ...["bo", "ana"].map((principal, index) => {
        const command = messageOf(principal, "HEARTBEAT", { status: `s${index}` });
        return new Promise<void>((resolve) => {
          world.stream.host.submit({ command, actor: { principal, verified: "asserted" } }, (outcome) => {
            heard.push(`answer ${outcome.ok ? outcome.revision : "none"}`);
            resolve();
          });
        });
      }),
    ]);

    expect(heard).toEqual(["record 4", "answer 5", "record 5", "answer 6", "record 6"]);
  });

  it("shows nothing of itself while its append is in flight", async () => {
    await using world = await worldWith(["ana", "bo"]);
    const { host } = world.stream;
    const seen: string[] = [];
    const see = (what: string) => () => void seen.push(what);
    using _ = host.subscribe(see("record"));
    const inFlight = world.store.hold();

    const announced = world.says("ana", "INTENT_ANNOUNCE", intent("a"));
    const held = world.says("bo", "INTENT_ANNOUNCE", { ...intent("b"), scope: intent("a")["scope"] });
    const asked = host.query(({ intents }) => intents.size);
    for (const [what, promise] of Object.entries({ announced, held, asked })) void promise.then(see(what));
    await inFlight;
    await loops();

    expect([seen, host.revision]).toEqual([[], 3]);
    world.store.release();
    expect(await Promise.all([announced.then(codeOf), held.then(codeOf), asked])).toEqual(["ok", "intent/held", 1]);
    expect([seen[0], host.revision]).toEqual(["record", 4]);
  });

  it("leaves what arrives while the append is in flight to the next one, whatever number that is", async () => {
    await using world = await worldWith(["ana"]);
    const inFlight = world.store.hold();
    const first = world.says("ana", "HEARTBEAT", { status: "1" });
    await inFlight;
    const rest = ["2", "3", "4"].map((status) => world.says("ana", "HEARTBEAT", { status }));
    await loops();
    expect(world.store.tried).toEqual([1, 1, 1]);

    world.store.release();
    await Promise.all([first, ...rest]);

    expect(world.store.tried).toEqual([1, 1, 1, 3]);
  });

  it("is bounded: two thousand commands in one go are answered in several appends, and questions in their turn", async () => {
    await using world = await worldWith(["ana"]);
    const beats = (count: number, word: string) =>
      Array.from({ length: count }, (_, index) => world.says("ana", "HEARTBEAT", { status: `${word}${index}` }));

    const early = beats(100, "early");
    const asked = world.stream.host.query((_, revision) => revision);
    const late = beats(1_900, "late");

    const outcomes = await Promise.all([...early, ...late]);
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    expect(world.store.tried).toHaveLength(2 + 4);
    expect(Math.max(...world.store.tried)).toBeLessThanOrEqual(512);
    expect(await asked).toBeLessThan(1_000);
    expect(world.stream.host.revision).toBe(2_002);
  });

  it("decides what is due before its commands, in order of due time, however many that are", async () => {
    await using world = await worldWith(["ana"]);
    const count = 700;
    await world.sayAll(
      Array.from({ length: count }, (_, index) => ["ana", "INTENT_ANNOUNCE", intent(`i${index}`, { ttl_sec: 10 - index / 100 })] as const),
    );
    const before = world.stream.host.revision;
    world.clock.sleep(20_000);

    const outcome = await world.says("ana", "INTENT_UPDATE", { intent_id: "i0" });

    const ended = (await logOf(world.store)).slice(before).flatMap(({ events }) => events.filter(({ type }) => type === "IntentEnded"));
    expect(codeOf(outcome)).toBe("intent/ended");
    expect(ended.map((event) => (event as unknown as { intentId: string }).intentId)).toEqual(
      Array.from({ length: count }, (_, index) => `i${count - 1 - index}`),
    );
    expect(Math.max(...world.store.tried)).toBeLessThanOrEqual(512);
  });
});

describe("what breaks", () => {
  it("a rule costs only its own message", async () => {
    await using world = await worldWith(["ana"], { aggregate: fragile });

    const outcomes = await world.sayAll([
      ["ana", "HEARTBEAT", { status: "1" }],
      ["ana", "HEARTBEAT", { status: BROKEN_SENTENCE }],
      ["ana", "HEARTBEAT", { status: "2" }],
    ]);

    expect(outcomes.map(codeOf)).toEqual(["ok", "message/malformed", "ok"]);
    expect(world.stream.host.writable).toBe(true);
  });

  it("a fact that cannot be looked up costs only its own message", async () => {
    await using world = await worldWith(["ana"]);
    const { host } = world.stream;
    const submit = (facts: () => object) =>
      new Promise<string>((resolve) => {
        const command = messageOf("ana", "HEARTBEAT", { status: `${Math.random()}` });
        host.submit({ command, actor: { principal: "ana", verified: "asserted" }, facts: () => ({ ...facts() }) }, (outcome) =>
          resolve(codeOf(outcome)),
        );
      });
    const broken = () => {
      throw new Error("gone");
    };

    expect(await Promise.all([submit(() => ({})), submit(broken), submit(() => ({}))])).toEqual(["ok", "message/malformed", "ok"]);
  });

  it.each(["\ud800", "half \udfff of a pair"])("text that is not Unicode is refused and hurts nothing else", async (objective) => {
    await using world = await worldWith(["ana"]);

    const outcomes = await world.sayAll([
      ["ana", "INTENT_ANNOUNCE", intent("a", { objective })],
      ["ana", "INTENT_ANNOUNCE", intent("b", { objective: "\u{1f6a6}" })],
    ]);

    expect(outcomes.map(codeOf)).toEqual(["message/malformed", "ok"]);
    expect(await world.stream.host.query(({ intents }) => [...intents.keys()])).toEqual(["b"]);
  });

  it("a listener or an answer costs nobody else what it would have heard", async () => {
    await using world = await worldWith(["ana"]);
    const { host } = world.stream;
    const heard: number[] = [];
    const broken = () => {
      throw new Error("a bug");
    };
    using _ = host.subscribe(broken);
    using __ = host.subscribe(({ revision }) => heard.push(revision));

    host.submit({ command: messageOf("ana", "HEARTBEAT", { status: "1" }), actor: { principal: "ana", verified: "asserted" } }, broken);
    const outcome = await world.says("ana", "HEARTBEAT", { status: "2" });

    expect(codeOf(outcome)).toBe("ok");
    expect(heard).toEqual([3, 4]);
  });

  it("a fold costs the messages of its turn, and nothing that was acknowledged", async () => {
    const aggregate: typeof session = {
      ...session,
      evolve(state, event, at) {
        if (event.type === "ParticipantStatus" && event.status === BROKEN_SENTENCE) throw new Error("a bug");
        session.evolve(state, event, at);
      },
    };
    await using world = await worldWith(["ana"], { aggregate });
    const before = await world.stream.host.query(dumpOf);

    const outcomes = await world.sayAll([
      ["ana", "HEARTBEAT", { status: "1" }],
      ["ana", "HEARTBEAT", { status: BROKEN_SENTENCE }],
    ]);

    expect(outcomes.map(codeOf)).toEqual(["store/unavailable", "store/unavailable"]);
    expect(await world.stream.host.query(dumpOf)).toBe(before);
    expect(codeOf(await world.says("ana", "HEARTBEAT", { status: "2" }))).toBe("ok");
  });

  it("a deadline that cannot be decided is put off, and holds up nobody", async () => {
    const ticks: number[] = [];
    const clock = createManualClock();
    const aggregate: typeof session = {
      ...session,
      decide(state, command, at) {
        if (!("message_type" in command) && command.type === "Tick") {
          ticks.push(at.atMs);
          if (ticks.length < 3) throw new Error("a bug");
        }
        return session.decide(state, command, at);
      },
    };
    await using world = await worldWith(["ana"], { aggregate, clock });
    await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 10 }));
    const startMs = clock.wallMs();

    clock.advance(10_000);
    await loops();
    const meanwhile = await world.says("ana", "HEARTBEAT", { status: "1" });
    await world.pass(2_000);

    expect(codeOf(meanwhile)).toBe("ok");
    expect(ticks.map((ms) => ms - startMs)).toEqual([10_000, 11_000, 12_000]);
    expect(await world.stream.host.query(({ intents }) => [...intents.values()].map(({ state }) => state))).toEqual(["EXPIRED"]);
  });
});

describe("an append that fails", () => {
  it("refuses the whole batch, keeps answering questions and refuses commands until the store is back", async () => {
    await using world = await worldWith(["ana", "bo"]);
    const { host } = world.stream;
    const before = await host.query(dumpOf);
    world.store.failing = DISK_FULL;

    const outcomes = await world.sayAll([
      ["ana", "INTENT_ANNOUNCE", intent("a")],
      ["bo", "INTENT_WITHDRAW", { intent_id: "none" }],
    ]);
    const meanwhile = await world.says("ana", "HEARTBEAT", { status: "1" });

    expect([...outcomes, meanwhile].map(codeOf)).toEqual(Array(3).fill("store/unavailable"));
    expect([host.writable, await world.engine.writable(), host.revision]).toEqual([false, false, 3]);
    expect(await host.query(dumpOf)).toBe(before);

    await world.pass(3_000);
    expect(host.writable).toBe(false);
    world.store.failing = undefined;
    await world.pass(1_000);

    expect([host.writable, await world.engine.writable()]).toEqual([true, true]);
    expect(codeOf(await world.says("ana", "INTENT_ANNOUNCE", intent("a")))).toBe("ok");
    expect((await logOf(world.store)).map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
  });

  it("and a log that cannot be read either: questions are refused, and both come back together", async () => {
    await using world = await worldWith(["ana"]);
    const { host } = world.stream;
    world.store.failing = DISK_FULL;
    world.store.hiding = new Error("unplugged");

    expect(codeOf(await world.says("ana", "HEARTBEAT", { status: "1" }))).toBe("store/unavailable");
    await expect(host.query(() => 1)).rejects.toThrow(`the log of ${STREAM} cannot be read now`);
    world.store.failing = undefined;
    await world.pass(3_000);
    expect(host.writable).toBe(false);
    world.store.hiding = undefined;
    await world.pass(1_000);

    expect(codeOf(await world.says("ana", "HEARTBEAT", { status: "1" }))).toBe("ok");
  });

  it("leaves the deadlines to be decided when the store is back", async () => {
    await using world = await worldWith(["ana"]);
    await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 10 }));
    world.store.failing = DISK_FULL;
    await world.pass(15_000);
    expect(await world.stream.host.query(({ liveIntents }) => liveIntents.size)).toBe(1);

    world.store.failing = undefined;
    await world.pass(1_000);

    expect(await world.stream.host.query(({ liveIntents }) => liveIntents.size)).toBe(0);
  });

  it("gives owners whose renewals were refused for long the time to make them again", async () => {
    await using world = await worldWith(["ana"]);
    await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 40 }));
    world.store.failing = DISK_FULL;
    expect((await world.says("ana", "INTENT_UPDATE", { intent_id: "a" })).ok).toBe(false);
    await world.pass(60_000);

    world.store.failing = undefined;
    await world.pass(1_000);

    expect(await world.stream.host.query(({ liveIntents }) => liveIntents.size)).toBe(1);
    expect((await world.says("ana", "INTENT_UPDATE", { intent_id: "a" })).ok).toBe(true);
  });

  it.each([
    { name: "the log itself is gone", failing: new StoreGone("log.db"), said: /removed or replaced.*nothing was changed/ },
    { name: "nobody knows what the disk has", failing: new StoreUnsynced("not synced"), said: /look whether it was done/ },
  ])("says what has happened when $name", async ({ failing, said }) => {
    await using world = await worldWith(["ana"]);
    world.store.failing = failing;

    const outcome = await world.says("ana", "INTENT_ANNOUNCE", intent("a"));

    expect(outcome).toMatchObject({ ok: false, rejection: { code: "store/unavailable" } });
    expect(JSON.stringify(outcome)).toMatch(said);
  });
});

describe("two engines on one log", () => {
  it("decide again what the other was faster with: no gap, no double, and both hear everything in order", async () => {
    const [inner, clock] = [memoryStore(), createManualClock()];
    await using one = await openWorld({ store: touchyStore(inner), clock, node: "one" });
    await using two = await openWorld({ store: touchyStore(inner), clock, node: "two" });
    const heard: Record<string, number[]> = { one: [], two: [] };
    using _ = one.stream.host.subscribe(({ revision }) => heard["one"]?.push(revision));
    using __ = two.stream.host.subscribe(({ revision }) => heard["two"]?.push(revision));
    await one.sayAll([["ana", "HELLO"]]);
    await two.sayAll([["bo", "HELLO"]]);

    const outcomes = await Promise.all([
      ...["a", "b", "c"].map((id) => one.says("ana", "INTENT_ANNOUNCE", intent(id))),
      ...["c", "d", "e"].map((id) => two.says("bo", "INTENT_ANNOUNCE", intent(id))),
    ]);
    await one.says("ana", "HEARTBEAT", { status: "last" });
    await two.says("bo", "HEARTBEAT", { status: "last" });

    const log = await logOf(inner);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(5);
    expect(log.map(({ revision }) => revision)).toEqual(Array.from(log, (_, index) => index + 1));
    const revisions = log.map(({ revision }) => revision);
    expect(heard).toEqual({ one: revisions.slice(1, -1), two: revisions.slice(3) });
    expect(log.filter(({ events }) => events.some(({ type }) => type === "Opened")).map(({ node }) => node)).toEqual(["one", "two"]);
  });

  it("refuse as contended what lost five times, and go on", async () => {
    await using world = await worldWith(["ana"]);
    world.store.failing = new RevisionConflict(STREAM, 2, 3);

    const outcome = await world.says("ana", "HEARTBEAT", { status: "1" });

    expect(codeOf(outcome)).toBe("store/contended");
    expect(world.store.tried.slice(2)).toHaveLength(5);
    world.store.failing = undefined;
    expect(codeOf(await world.says("ana", "HEARTBEAT", { status: "1" }))).toBe("ok");
  });

  it("put off what nobody asked for and lost five times", async () => {
    await using world = await worldWith(["ana"]);
    await world.says("ana", "INTENT_ANNOUNCE", intent("a", { ttl_sec: 10 }));
    world.store.failing = new RevisionConflict(STREAM, 3, 4);

    await world.pass(10_000);
    expect(world.store.tried.slice(3)).toHaveLength(5);
    await world.pass(1_000);
    expect(world.store.tried.slice(3)).toHaveLength(10);
    world.store.failing = undefined;
    await world.pass(1_000);

    expect(await world.happened(3)).toEqual(["IntentEnded"]);
  });

  it("take no commands while the log cannot be read after a lost race, and ask for it until it is back", async () => {
    await using world = await worldWith(["ana"]);
    world.store.failing = new RevisionConflict(STREAM, 2, 3);
    world.store.hiding = new Error("unplugged");

    expect(codeOf(await world.says("ana", "HEARTBEAT", { status: "1" }))).toBe("store/unavailable");
    expect(world.stream.host.writable).toBe(false);
    world.store.failing = undefined;
    world.store.hiding = undefined;
    await world.pass(1_000);

    expect(codeOf(await world.says("ana", "HEARTBEAT", { status: "1" }))).toBe("ok");
  });
});
