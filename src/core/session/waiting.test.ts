/** Announcements that wait: whose turn it is, when it comes, and what ends the wait. */
import { describe, expect, it } from "vitest";
import type { IntentId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { SessionEvent } from "../../wire/session.ts";
import {
  acceptedOf,
  eventOf,
  files,
  gist,
  type Play,
  play,
  playWith,
  rejectionOf,
  resultOf,
  signalbox,
  START_MS,
} from "./session.test.fixture.ts";

const PEOPLE = ["ana", "bo", "cy"];

const announce = (played: Play, principal: string, id: string, path: string | readonly string[], more: JsonObject = {}) =>
  played.says(principal, "INTENT_ANNOUNCE", { intent_id: id, objective: `do ${id}`, scope: files(...[path].flat()), ...more });
const wait = (
  played: Play,
  principal: string,
  id: string,
  path: string | readonly string[],
  more: JsonObject = {},
  ours: JsonObject = {},
) => announce(played, principal, id, path, { ...more, ...signalbox({ on_overlap: "wait", ...ours }) });
const withdraw = (played: Play, principal: string, id: string) => played.says(principal, "INTENT_WITHDRAW", { intent_id: id });
const stateOf = (played: Play, id: string): string | undefined => played.state.intents.get(id as IntentId)?.state;
const waiting = (played: Play): string[] => [...played.state.waiting.keys()];

/** The events of the records since `from`, without what closes each. */
const since = (played: Play, from: number): readonly SessionEvent[] =>
  played.records.slice(from).flatMap(({ events }) => events.slice(0, -1));
/** Which intents began, in their order, while `act` and what follows from it at once were decided. */
function begunBy(played: Play, act: () => unknown): string[] {
  const from = played.records.length;
  act();
  played.pass(0);
  return since(played, from).flatMap((event) => (event.type === "IntentAnnounced" ? [event.intentId] : []));
}

/** ana holds a.ts with the intent `a`. */
function held(settings: JsonObject = {}): Play {
  const played = playWith(PEOPLE, settings);
  announce(played, "ana", "a", "a.ts");
  return played;
}

describe("an announcement that may wait", () => {
  it("over what another holds is not refused: it has a place, and its sender knows behind whom", () => {
    const played = held();

    const decision = wait(played, "bo", "b", ["a.ts", "free.ts"], { priority: "high", ttl_sec: 60 }, { renews: true });

    const deferred = eventOf(decision, "IntentDeferred");
    expect(deferred).toMatchObject({
      principalId: "bo",
      category: "queue",
      observedIntents: ["a"],
      observedPrincipals: ["ana"],
      expiresAtMs: START_MS + 120_000,
      waiting: { intentId: "b", objective: "do b", ttlSec: 60, priority: "high", renews: true },
    });
    expect(resultOf(decision)["waiting"]).toMatchObject({
      deferral_id: deferred.deferralId,
      intent_id: "b",
      expires_at_ms: START_MS + 120_000,
      ahead: 0,
      holder_count: 1,
      holders: [{ intent_id: "a", principal_id: "ana", objective: "do a", state: "ACTIVE", paths: ["a.ts"] }],
    });
    expect(stateOf(played, "b")).toBeUndefined();
  });

  it.each<[name: string, prepare: (played: Play) => void]>([
    ["is free", () => undefined],
    [
      "is held by a suspended intent",
      (played) => {
        announce(played, "ana", "a", "x.ts");
        played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });
      },
    ],
    ["is its own", (played) => void announce(played, "bo", "own", "x.ts")],
    [
      "somebody waits for behind it",
      (played) => {
        announce(played, "ana", "a", "other.ts");
        wait(played, "cy", "c", ["other.ts", "x.ts"], { priority: "low" });
      },
    ],
  ])("begins at once where the scope %s", (_, prepare) => {
    const played = playWith(PEOPLE);
    prepare(played);

    expect(gist(wait(played, "bo", "b", "x.ts"))).toContain("IntentAnnounced");
  });

  it("goes on at once, with a conflict, in a session without the race lock", () => {
    expect(gist(wait(held({ race_lock: false }), "bo", "b", "a.ts"))).toEqual(["IntentAnnounced", "ConflictOpened"]);
  });

  it("locks nothing meanwhile: whoever does not wait may announce what is free", () => {
    const played = held();
    wait(played, "bo", "b", ["a.ts", "free.ts"]);

    expect(gist(announce(played, "cy", "c", "free.ts"))).toEqual(["IntentAnnounced"]);
  });

  it("replaces nothing, and says so instead of forgetting it", () => {
    const played = held();
    announce(played, "bo", "before", "z.ts");

    const decision = wait(played, "bo", "b", "a.ts", { supersedes_intent_id: "before" });

    expect(rejectionOf(decision)).toMatchObject({ code: "message/malformed", message: expect.stringContaining("withdraw before") });
  });

  it("is not recorded where it could not begin either", () => {
    const played = held();
    const globs = Array.from({ length: 60 }, (_, index) => `d/${index}*`);
    for (const name of ["m", "n", "o", "p"])
      announce(
        played,
        "bo",
        name,
        globs.map((glob) => name + glob),
      );

    expect(gist(wait(played, "bo", "b", ["a.ts", ...globs]))).toBe("scope/refused");
  });
});

describe("a turn comes at once, before anybody else is heard", () => {
  const FREED: readonly (readonly [name: string, free: (played: Play) => void])[] = [
    ["the holder withdraws", (played) => void withdraw(played, "ana", "a")],
    ["the holder leaves", (played) => void played.says("ana", "GOODBYE")],
    ["the holder hands over", (played) => void played.says("ana", "GOODBYE", { intent_disposition: "transfer" })],
    ["the holder falls silent", (played) => void played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 })],
    ["the holder narrows its scope", (played) => void played.says("ana", "INTENT_UPDATE", { intent_id: "a", scope: files("b.ts") })],
    ["the holder goes on elsewhere", (played) => void announce(played, "ana", "k", "b.ts", { supersedes_intent_id: "a" })],
    ["the holder's time is over", (played) => played.pass(300_000)],
    ["the race lock is taken away", (played) => void played.gives({ type: "Opened", session: "s", settings: { race_lock: false } })],
  ];

  it.each(FREED)("when %s", (_, free) => {
    const played = held();
    wait(played, "bo", "b", "a.ts", {}, { wait_sec: 3_600 });

    free(played);
    announce(played, "cy", "c", "a.ts");

    expect(stateOf(played, "b")).toBe("ACTIVE");
    expect(stateOf(played, "c")).toBe(played.state.settings.race_lock ? undefined : "ACTIVE");
    expect([waiting(played), played.state.waitingIndex.size, played.state.deferrals.size]).toEqual([[], 0, 0]);
  });

  it("as one record, with a fencing token and what it was announced with", () => {
    const played = held();
    const deferred = eventOf(wait(played, "bo", "b", "a.ts", { priority: "high", ttl_sec: 60 }, { renews: true }), "IntentDeferred");
    played.pass(1_000);
    withdraw(played, "ana", "a");
    played.pass(0);

    expect(played.records.at(-1)?.command).toEqual({ type: "Tick" });
    expect(played.records.at(-1)?.events.slice(0, -1)).toEqual([
      { type: "DeferralEnded", deferralId: deferred.deferralId, principalId: "bo", status: "resolved", reason: "principal_announced" },
      {
        type: "IntentAnnounced",
        intentId: "b",
        principalId: "bo",
        objective: "do b",
        scope: files("a.ts"),
        fence: 2,
        ttlSec: 60,
        expiresAtMs: START_MS + 61_000,
        renews: true,
        priority: "high",
        deferralId: deferred.deferralId,
        contentHash: deferred.waiting?.contentHash,
      },
    ]);
  });

  it("and brings a conflict with a suspended intent that it meets, as an announcement does", () => {
    const played = held();
    wait(played, "bo", "b", "a.ts");
    const from = played.records.length;

    played.says("ana", "GOODBYE", { intent_disposition: "transfer" });
    played.pass(0);

    expect(since(played, from).map(({ type }) => type)).toEqual([
      "IntentSuspended",
      "ParticipantLeft",
      "DeferralEnded",
      "IntentAnnounced",
      "ConflictOpened",
    ]);
  });

  it("not while another part of its scope is held", () => {
    const played = held();
    announce(played, "cy", "c", "c.ts");
    wait(played, "bo", "b", ["a.ts", "c.ts"]);

    expect(begunBy(played, () => withdraw(played, "ana", "a"))).toEqual([]);
    expect(begunBy(played, () => withdraw(played, "cy", "c"))).toEqual(["b"]);
  });

  it("not while it is frozen, and at once when somebody has resolved what froze it", () => {
    const played = held({ governance: { resolution_timeout_sec: 60 }, intent_ttl_sec: 7_200 });
    played.says("eve", "HELLO", { roles: ["owner"] });
    announce(played, "cy", "c", "a.ts", signalbox({ on_overlap: "proceed" }));
    wait(played, "bo", "b", "a.ts", {}, { wait_sec: 3_600 });
    const [conflict = ""] = played.state.liveConflicts;
    played.pass(60_000);
    played.says("cy", "GOODBYE", { intent_disposition: "transfer" });

    expect(played.state.frozen.size).toBe(1);
    expect(begunBy(played, () => played.says("ana", "GOODBYE", { intent_disposition: "transfer" }))).toEqual([]);
    expect(begunBy(played, () => played.says("eve", "RESOLUTION", { conflict_id: conflict, decision: "approved" }))).toEqual(["b"]);
  });

  it("not when the holder only goes on over the same files in the same record", () => {
    const played = held();
    wait(played, "bo", "b", "a.ts");

    expect(begunBy(played, () => announce(played, "ana", "again", "a.ts"))).toEqual(["again"]);
    expect(waiting(played)).toEqual(["b"]);
  });

  it("and ends its owner's other deferrals, but not what it still waits for elsewhere", () => {
    const played = held();
    announce(played, "cy", "c", "c.ts");
    played.says("bo", "INTENT_DEFERRED", { deferral_id: "d" });
    wait(played, "bo", "b", "a.ts");
    wait(played, "bo", "e", "c.ts");

    begunBy(played, () => withdraw(played, "ana", "a"));

    expect([...played.state.deferrals.keys()]).toEqual([played.state.waiting.get("e" as IntentId)]);
  });
});

describe("the row", () => {
  /** bo, then cy, wait for what ana holds. */
  function row(bo: JsonObject, cy: JsonObject, apartMs: number): Play {
    const played = held();
    wait(played, "bo", "b", "a.ts", bo, { wait_sec: 3_600 });
    played.pass(apartMs);
    wait(played, "cy", "c", "a.ts", cy, { wait_sec: 3_600 });
    return played;
  }

  it.each<[name: string, bo: JsonObject, cy: JsonObject, apartMs: number, first: string]>([
    ["of two alike, to who came first", {}, {}, 0, "b"],
    ["to the higher priority", {}, { priority: "high" }, 59_999, "c"],
    ["to the critical one before the high one", { priority: "high" }, { priority: "critical" }, 1_000, "c"],
    ["to a minute of waiting as to a rank", {}, { priority: "high" }, 60_000, "b"],
    ["to two minutes of waiting as to two ranks", { priority: "low" }, { priority: "high" }, 120_000, "b"],
    ["to a higher priority than its waiting makes up for", { priority: "low" }, { priority: "high" }, 119_999, "c"],
    ["with an unknown priority as with a normal one", { priority: "urgent!" }, { priority: "low" }, 0, "b"],
  ])("goes %s", (_, bo, cy, apartMs, first) => {
    const played = row(bo, cy, apartMs);

    expect(begunBy(played, () => withdraw(played, "ana", "a"))).toEqual([first]);
    expect(begunBy(played, () => withdraw(played, first === "b" ? "bo" : "cy", first))).toEqual([first === "b" ? "c" : "b"]);
  });

  it("tells how many come first", () => {
    const played = row({}, {}, 0);

    const later = wait(played, "cy", "c2", ["a.ts", "z.ts"], { priority: "low" });
    const urgent = wait(played, "cy", "c3", "a.ts", { priority: "critical" });

    expect(resultOf(later)["waiting"]).toMatchObject({ ahead: 1 });
    expect(resultOf(urgent)["waiting"]).toMatchObject({ ahead: 0 });
  });

  it("is not overtaken while the first one's scope is held in part only", () => {
    const played = held();
    wait(played, "bo", "b", ["a.ts", "shared.ts"]);

    const behind = wait(played, "cy", "c", "shared.ts");
    const from = played.records.length;
    withdraw(played, "ana", "a");
    played.pass(0);
    withdraw(played, "bo", "b");
    played.pass(0);

    expect(resultOf(behind)["waiting"]).toMatchObject({ ahead: 1, holder_count: 0 });
    const begun = since(played, from).flatMap((event) => (event.type === "IntentAnnounced" ? [event.intentId] : []));
    expect(begun).toEqual(["b", "c"]);
  });

  it("lets those pass whom the one before waits for: it could not begin before them", () => {
    const played = held();
    wait(played, "bo", "b", ["a.ts", "free.ts"]);

    expect(gist(wait(played, "ana", "more", ["a.ts", "free.ts"]))).toEqual(["IntentEnded", "IntentAnnounced"]);
    expect(gist(wait(played, "cy", "c", "free.ts"))).toEqual(["IntentDeferred"]);
  });

  it("lets one pass that waits, as soon as the one before it waits for it", () => {
    const played = held();
    announce(played, "cy", "c", "c.ts");
    wait(played, "bo", "b", ["a.ts", "free.ts", "x.ts"]);
    wait(played, "cy", "c2", "free.ts");

    expect(begunBy(played, () => announce(played, "cy", "c3", "x.ts"))).toEqual(["c3", "c2"]);
  });

  it("moves up when the first one gives up", () => {
    const played = held();
    wait(played, "bo", "b", ["a.ts", "shared.ts"]);
    wait(played, "cy", "c", "shared.ts");

    expect(begunBy(played, () => withdraw(played, "bo", "b"))).toEqual(["c"]);
  });

  it("lets those begin together who do not meet", () => {
    const played = playWith(PEOPLE);
    announce(played, "ana", "a", "src");
    wait(played, "bo", "b", "src/b.ts");
    wait(played, "cy", "c", "src/c.ts");

    expect(begunBy(played, () => withdraw(played, "ana", "a")).sort()).toEqual(["b", "c"]);
  });

  it("has one place of each principal over a file: a later announcement of its own takes it", () => {
    const played = held();
    wait(played, "bo", "b", "a.ts");

    const later = wait(played, "bo", "b2", ["a.ts", "z.ts"]);

    expect(gist(later)).toEqual(["DeferralEnded", "IntentDeferred"]);
    expect(acceptedOf(later)[0]).toMatchObject({ status: "resolved", reason: "superseded" });
    expect(begunBy(played, () => withdraw(played, "ana", "a"))).toEqual(["b2"]);
  });
});

describe("a place", () => {
  it("is kept for 120 s, or as long as was asked for", () => {
    const played = held({ intent_ttl_sec: 3_600 });
    wait(played, "bo", "b", "a.ts");
    wait(played, "cy", "c", "a.ts", {}, { wait_sec: 10 });

    played.pass(10_000);
    expect(waiting(played)).toEqual(["b"]);
    played.pass(110_000);

    expect(waiting(played)).toEqual([]);
    expect(played.records.at(-1)?.events[0]).toMatchObject({ type: "DeferralEnded", status: "expired", reason: "ttl" });
  });

  it("is kept for as long again when it is asked for again, and stays what it was", () => {
    const played = held({ intent_ttl_sec: 3_600 });
    const first = eventOf(wait(played, "bo", "b", "a.ts", {}, { request_id: "r" }), "IntentDeferred");
    played.pass(1_000);
    wait(played, "cy", "c", "a.ts", {}, { wait_sec: 3_600 });
    played.pass(100_000);

    const again = wait(played, "bo", "b", "a.ts", {}, { request_id: "r" });
    const otherwise = wait(played, "bo", "b", "a.ts", {}, { request_id: "r2", wait_sec: 200 });
    played.pass(199_999);

    expect(eventOf(again, "IntentDeferred")).toMatchObject({ deferralId: first.deferralId, expiresAtMs: START_MS + 221_000 });
    expect(eventOf(otherwise, "IntentDeferred").deferralId).toBe(first.deferralId);
    expect(begunBy(played, () => withdraw(played, "ana", "a"))).toEqual(["b"]);
  });

  it("that is asked for while it began is answered with what began", () => {
    const played = held();
    wait(played, "bo", "b", "a.ts");
    withdraw(played, "ana", "a");

    const again = wait(played, "bo", "b", "a.ts", {}, { request_id: "another" });

    expect(again).toMatchObject({ standing: { result: { fence: 2, conflicts: [] } } });
    expect(gist(wait(played, "bo", "b", "b.ts"))).toBe("id/taken");
  });

  it("is not changed into one for another scope", () => {
    const played = held();
    wait(played, "bo", "b", "a.ts");

    expect(rejectionOf(wait(played, "bo", "b", ["a.ts", "more.ts"]))).toMatchObject({
      code: "id/taken",
      message: expect.stringContaining("withdraw it first"),
    });
  });

  it("moves up when it is asked for with a higher priority", () => {
    const played = held();
    wait(played, "bo", "b", "a.ts");
    wait(played, "cy", "c", "a.ts");

    wait(played, "cy", "c", "a.ts", { priority: "critical" });

    expect(begunBy(played, () => withdraw(played, "ana", "a"))).toEqual(["c"]);
  });

  it("is given up by withdrawing the intent that never began", () => {
    const played = held();
    wait(played, "bo", "b", "a.ts");

    expect(gist(withdraw(played, "cy", "b"))).toBe("intent/not-owner");
    expect(gist(withdraw(played, "bo", "b"))).toEqual(["DeferralEnded"]);
    expect(begunBy(played, () => withdraw(played, "ana", "a"))).toEqual([]);
    expect(gist(announce(played, "cy", "b", "a.ts"))).toEqual(["IntentAnnounced"]);
  });

  it("is given up by going on without waiting, and not by being refused", () => {
    const played = held();
    wait(played, "bo", "b", "a.ts");

    expect(gist(announce(played, "bo", "b", "a.ts"))).toBe("intent/held");
    expect(waiting(played)).toEqual(["b"]);
    expect(gist(announce(played, "bo", "b", "a.ts", signalbox({ on_overlap: "proceed" })))).toEqual([
      "DeferralEnded",
      "IntentAnnounced",
      "ConflictOpened",
    ]);
    expect(waiting(played)).toEqual([]);
  });

  it("is lost by leaving and by falling silent", () => {
    const played = held();
    wait(played, "bo", "b", "a.ts");
    wait(played, "cy", "c", "a.ts");

    played.says("bo", "GOODBYE");
    played.gives({ type: "ParticipantLapsed", principal: "cy", lastHeardAtMs: 0 });

    expect(waiting(played)).toEqual([]);
    expect(begunBy(played, () => withdraw(played, "ana", "a"))).toEqual([]);
  });

  it("keeps the intent's id from others", () => {
    const played = held();
    wait(played, "bo", "b", "a.ts");

    expect(gist(announce(played, "cy", "b", "z.ts"))).toBe("id/taken");
    expect(gist(wait(played, "cy", "b", "a.ts"))).toBe("id/taken");
  });

  it("counts among the 16 deferrals of its principal, and one asked for again does not", () => {
    const played = playWith(PEOPLE);
    announce(played, "ana", "a", "src");
    for (let count = 0; count < 16; count += 1) wait(played, "bo", `b${count}`, `src/${count}.ts`);

    expect(gist(wait(played, "bo", "more", "src/more.ts"))).toBe("scope/refused");
    expect(gist(wait(played, "bo", "b3", "src/3.ts"))).toEqual(["IntentDeferred"]);
    expect(gist(wait(played, "bo", "b3+", ["src/3.ts", "src/more.ts"]))).toEqual(["DeferralEnded", "IntentDeferred"]);
  });

  it("survives the sleep of a machine as long as an intent does", () => {
    const played = held({ intent_ttl_sec: 7_200 });
    wait(played, "bo", "b", "a.ts");
    played.skip(3_600_000);

    played.gives({ type: "Resumed", fromMs: START_MS });
    played.pass(89_999);

    expect(waiting(played)).toEqual(["b"]);
  });

  it("of what may no longer begin is given back", () => {
    const played = held();
    const globs = (name: string) => Array.from({ length: 60 }, (_, index) => `${name}/${index}*`);
    wait(played, "bo", "b", ["a.ts", ...globs("w")]);
    for (const name of ["m", "n", "o", "p"]) announce(played, "bo", name, globs(name));

    withdraw(played, "ana", "a");
    played.pass(0);

    expect(played.records.at(-1)?.events[0]).toMatchObject({ type: "DeferralEnded", status: "expired", reason: "scope/refused" });
    expect(stateOf(played, "b")).toBeUndefined();
  });
});

it("waits by the names that a session on another file system compares by", () => {
  const played = play({ fold_case: false });
  for (const principal of PEOPLE) played.says(principal, "HELLO");
  announce(played, "ana", "a", "A.ts");
  announce(played, "cy", "c", "c.ts");
  wait(played, "bo", "b", ["a.ts", "c.ts"]);
  played.gives({ type: "Opened", session: "s", settings: { fold_case: true } });

  expect(begunBy(played, () => withdraw(played, "cy", "c"))).toEqual([]);
  expect(begunBy(played, () => withdraw(played, "ana", "a"))).toEqual(["b"]);
});
