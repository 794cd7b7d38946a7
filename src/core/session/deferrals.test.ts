/** Deferrals: what ends them, and that they keep nobody from anything. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import type { SessionEvent } from "../../wire/session.ts";
import type { Decision } from "../aggregate.ts";
import { acceptedOf, eventOf, files, gist, type Play, playWith, rejectionOf, signalbox, START_MS } from "./session.test.fixture.ts";

const announce = (played: Play, principal: string, id: string, path = `${id}.ts`, more: JsonObject = {}) =>
  played.says(principal, "INTENT_ANNOUNCE", { intent_id: id, scope: files(path), ...more });
const defer = (played: Play, id: string, more: JsonObject = {}, principal = "bo") =>
  played.says(principal, "INTENT_DEFERRED", { deferral_id: id, scope: files("i.ts"), ...more });
const deferred = (played: Play): string[] => [...played.state.deferrals.keys()];
const endsIn = (events: readonly SessionEvent[]) =>
  events.flatMap((event) => (event.type === "DeferralEnded" ? [[event.deferralId, event.status, event.reason]] : []));
const endedBy = (decision: Decision<SessionEvent>) => endsIn(acceptedOf(decision));

/** ana is at work on i and cy on k; everybody else may wait for them. */
function busy(): Play {
  const played = playWith(["ana", "bo", "cy"]);
  announce(played, "ana", "i");
  announce(played, "cy", "k");
  return played;
}

it("is recorded with its scope normalised, for 60 s unless it says otherwise", () => {
  const played = busy();

  const usual = defer(played, "d", {
    scope: files("./i.ts"),
    reason: "yielded",
    observed_intent_ids: ["i", "i"],
    observed_principals: null,
  });
  const own = defer(played, "e", { scope: null, ttl_sec: 5, category: "duplicate_yield" });

  expect(eventOf(usual, "IntentDeferred")).toEqual({
    type: "IntentDeferred",
    deferralId: "d",
    principalId: "bo",
    scope: files("i.ts"),
    category: "queue",
    reason: "yielded",
    observedIntents: ["i"],
    observedPrincipals: [],
    expiresAtMs: START_MS + 60_000,
  });
  expect(eventOf(own, "IntentDeferred")).toMatchObject({
    expiresAtMs: START_MS + 5_000,
    category: "duplicate_yield",
    scope: files(),
  });
});

it("expires at exactly the end of its time", () => {
  const played = busy();
  defer(played, "d", { observed_intent_ids: ["i"] });

  played.pass(59_999);
  const before = deferred(played);
  played.pass(1);

  expect(before).toEqual(["d"]);
  expect(played.records.at(-1)?.events[0]).toEqual({
    type: "DeferralEnded",
    deferralId: "d",
    principalId: "bo",
    status: "expired",
    reason: "ttl",
    dueAtMs: START_MS + 60_000,
  });
});

it("locks nothing, meets nothing and keeps its own principal from nothing", () => {
  const played = playWith(["ana", "bo"]);
  defer(played, "d", { scope: files("free.ts") });

  expect(gist(announce(played, "ana", "x", "free.ts"))).toEqual(["IntentAnnounced"]);
  expect(gist(announce(played, "bo", "y", "other.ts"))).toEqual(["DeferralEnded", "IntentAnnounced"]);
});

const OVER = ["d", "resolved", "observed_intents_terminated"];

describe("what it observes", () => {
  it.each<[name: string, observed: JsonObject, ended: readonly unknown[]]>([
    ["its only intent", { observed_intent_ids: ["i"] }, [OVER]],
    ["one of two intents", { observed_intent_ids: ["i", "k"] }, []],
    ["one intent and one that nobody knows", { observed_intent_ids: ["i", "gone"] }, [OVER]],
    ["the owner of the intent", { observed_principals: ["ana"] }, [OVER]],
    ["the owner beside somebody else", { observed_principals: ["ana", "cy"] }, [OVER]],
    ["the owner where an intent is expected", { observed_intent_ids: ["ana"] }, [OVER]],
    ["the owner beside another's intent", { observed_intent_ids: ["k"], observed_principals: ["ana"] }, [OVER]],
    ["another intent", { observed_intent_ids: ["k"] }, []],
    ["another principal", { observed_principals: ["cy"] }, []],
    ["nothing", {}, []],
    ["two empty lists", { observed_intent_ids: [], observed_principals: [] }, []],
  ])("being %s, the end of that intent resolves it or does not", (_, observed, ended) => {
    const played = busy();
    defer(played, "d", observed);

    expect(endedBy(played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" }))).toEqual(ended);
  });

  it("all of it over resolves it, whichever was the last", () => {
    const played = busy();
    defer(played, "d", { observed_intent_ids: ["i", "k"] });
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });

    expect(endedBy(played.says("cy", "INTENT_WITHDRAW", { intent_id: "k" }))).toEqual([OVER]);
  });
});

describe("every way in which an intent ends resolves it", () => {
  const WAYS: readonly (readonly [name: string, end: (played: Play) => void])[] = [
    ["withdrawal", (played) => void played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" })],
    ["GOODBYE", (played) => void played.says("ana", "GOODBYE")],
    ["time to live", (played) => played.pass(2_000)],
    ["superseded by its name", (played) => void announce(played, "ana", "j", "z.ts", { supersedes_intent_id: "i" })],
    ["superseded by overlap", (played) => void announce(played, "ana", "j", "i.ts")],
    [
      "transfer to a claimer",
      (played) => {
        played.says("ana", "GOODBYE", { intent_disposition: "transfer" });
        played.says("cy", "INTENT_CLAIM", { claim_id: "c", original_intent_id: "i", new_intent_id: "n" });
        played.pass(5_000);
      },
    ],
    ["end of the session", (played) => void played.says("cy", "SESSION_CLOSE")],
  ];

  it.each(WAYS)("%s", (name, end) => {
    const played = playWith(["ana", "bo"]);
    played.says("cy", "HELLO", { roles: ["owner"] });
    announce(played, "ana", "i", "i.ts", name === "time to live" ? { ttl_sec: 2 } : {});
    defer(played, "d", { observed_intent_ids: ["i"] });
    const before = played.records.length;

    end(played);

    expect(played.records.slice(before).flatMap(({ events }) => endsIn(events))).toEqual([OVER]);
    expect([played.state.deferrals.size, played.state.observers.size]).toEqual([0, 0]);
  });

  it("but suspension does not: a suspended intent is no ended one", () => {
    const played = busy();
    defer(played, "d", { observed_intent_ids: ["i"], observed_principals: ["ana"] });

    played.says("ana", "GOODBYE", { intent_disposition: "transfer" });

    expect(deferred(played)).toEqual(["d"]);
  });
});

describe("on arrival", () => {
  it.each<[name: string, observed: JsonObject, ended: readonly unknown[]]>([
    ["all its intents over", { observed_intent_ids: ["i", "never"] }, [OVER]],
    ["one of them going on", { observed_intent_ids: ["i", "k"] }, []],
    ["its principals without work", { observed_principals: ["ana"] }, [OVER]],
    ["one of them at work", { observed_principals: ["ana", "cy"] }, []],
    ["somebody at work among its intents", { observed_intent_ids: ["cy"] }, []],
    ["somebody without work among its intents", { observed_intent_ids: ["ana"] }, [OVER]],
    ["nothing observed", {}, []],
  ])("with %s it is resolved at once or stays", (_, observed, ended) => {
    const played = busy();
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });

    const decision = defer(played, "d", observed);

    expect(gist(decision)).toEqual(ended.length === 0 ? ["IntentDeferred"] : ["IntentDeferred", "DeferralEnded"]);
    expect(endedBy(decision)).toEqual(ended);
    expect(played.state.deferrals.size).toBe(1 - ended.length);
  });
});

describe("who defers", () => {
  it("ends it by announcing something", () => {
    const played = busy();
    defer(played, "d", { observed_intent_ids: ["i"] });
    defer(played, "e", {}, "cy");

    expect(endedBy(announce(played, "bo", "b"))).toEqual([["d", "resolved", "principal_announced"]]);
    expect(deferred(played)).toEqual(["e"]);
  });

  it.each<[name: string, payload: JsonObject]>([
    ["withdraw", {}],
    ["transfer", { intent_disposition: "transfer" }],
    ["expire", { intent_disposition: "expire" }],
  ])("ends it by leaving with %s, once also where it observes itself", (_, payload) => {
    const played = busy();
    announce(played, "bo", "b");
    defer(played, "d", { observed_intent_ids: ["i"] });
    defer(played, "e", { observed_intent_ids: ["b"] });

    const ended = endedBy(played.says("bo", "GOODBYE", payload));

    expect(ended.map(([id]) => id as string).toSorted()).toEqual(["d", "e"]);
    expect(played.state.deferrals.size).toBe(0);
  });

  it("loses it by falling silent", () => {
    const played = busy();
    defer(played, "d", { ttl_sec: 3_600 });

    const lapsed = played.gives({ type: "ParticipantLapsed", principal: "bo", lastHeardAtMs: 0 });

    expect(endedBy(lapsed)).toEqual([["d", "expired", "participant_unavailable"]]);
  });

  it("replaces it by saying it again, and what it observed before counts no more", () => {
    const played = busy();
    defer(played, "d", { observed_intent_ids: ["i"] });
    played.pass(50_000);
    defer(played, "d", { observed_intent_ids: ["k"] });
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });

    played.pass(50_000);

    expect(deferred(played)).toEqual(["d"]);
    expect([...played.state.observers.keys()]).toEqual(["k"]);
  });

  it("does not take another's id", () => {
    const played = busy();
    defer(played, "d");

    expect(gist(defer(played, "d", {}, "cy"))).toBe("id/taken");
  });

  it("has 16 of them at most, and may say each again", () => {
    const played = busy();
    for (let count = 0; count < 16; count += 1) defer(played, `d${count}`);

    const more = defer(played, "more");

    expect(rejectionOf(more)).toMatchObject({ code: "scope/refused", message: expect.stringContaining("at most 16") });
    expect(gist(defer(played, "d3"))).toEqual(["IntentDeferred"]);
    expect(gist(defer(played, "other", {}, "cy"))).toEqual(["IntentDeferred"]);
  });

  it("is remembered while it defers, and forgotten a day after the last of it", () => {
    const played = busy();
    played.says("ana", "GOODBYE");
    played.gives({ type: "ParticipantLapsed", principal: "bo", lastHeardAtMs: 0 });
    defer(played, "d", { ttl_sec: 200_000 });
    played.pass(190_000_000);
    expect(played.state.participants.has("bo" as never)).toBe(true);

    played.pass(10_000_000 + 86_400_000);

    expect([...played.state.participants.keys()]).toEqual(["cy"]);
  });
});

it("moves behind a gap in time, as intents do", () => {
  const played = busy();
  defer(played, "d");
  defer(played, "later", { ttl_sec: 7_200 });
  played.skip(3_600_000);

  played.gives({ type: "Resumed", fromMs: START_MS });
  played.pass(89_999);
  const moved = deferred(played);
  played.pass(1);

  expect(moved).toEqual(["d", "later"]);
  expect(deferred(played)).toEqual(["later"]);
});

it("does not take a scope that nobody may announce either", () => {
  expect(gist(defer(busy(), "d", { scope: files("../out") }))).toBe("scope/refused");
});

it("is not renewed in the place of an announcement that waits", () => {
  const played = busy();
  const waits = announce(played, "bo", "b", "i.ts", signalbox({ on_overlap: "wait" }));

  const decision = defer(played, eventOf(waits, "IntentDeferred").deferralId);

  expect(rejectionOf(decision)).toMatchObject({ code: "id/taken", message: expect.stringContaining("intent b") });
});
