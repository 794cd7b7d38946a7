/** What comes of scopes of all kinds that meet: who is locked out, who is told, whose own work is replaced. */
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../wire/json.ts";
import {
  acceptedOf,
  DAY_MS,
  eventOf,
  files,
  gist,
  HOUR_MS,
  type Play,
  playWith,
  rejectionOf,
  resultOf,
  signalbox,
} from "./session.test.fixture.ts";

const entities = (...names: string[]): JsonObject => ({ kind: "entity_set", entities: names });
const tasks = (...ids: string[]): JsonObject => ({ kind: "task_set", task_ids: ids });
const pattern = (text: string): JsonObject => ({ kind: "resource_path", pattern: text });
const query = (expression: string): JsonObject => ({ kind: "query", language: "sql", expression });
const under = (uri: string, scope: JsonObject): JsonObject => ({ ...scope, canonical_uris: [uri] });

const PROCEED = signalbox({ on_overlap: "proceed" });
const resource_registry = {
  mappings: [
    {
      canonical_uri: "u:auth",
      aliases: [
        { kind: "file_set", value: "src/auth.ts" },
        { kind: "entity_set", value: "api.auth" },
      ],
    },
  ],
};

const announce = (played: Play, who: string, id: string, scope: JsonObject, more: JsonObject = {}) =>
  played.says(who, "INTENT_ANNOUNCE", { intent_id: id, objective: "work", scope, ...more });

const LOCKED = "intent/held";
const TOLD = ["IntentAnnounced", "ConflictOpened"];
const FREE = ["IntentAnnounced"];

describe("an announcement that meets another's active intent", () => {
  it.each([
    { name: "locks a pattern out of a file", held: files("src/a.ts"), asks: pattern("src/*.ts"), gives: LOCKED },
    { name: "locks a file out of a pattern", held: pattern("src/**"), asks: files("src/a.ts"), gives: LOCKED },
    { name: "locks a pattern out of a pattern", held: pattern("**/*.ts"), asks: pattern("src/a*"), gives: LOCKED },
    { name: "locks a task with files out of a file", held: files("a.ts"), asks: { ...tasks("t"), resources: ["a.ts"] }, gives: LOCKED },
    { name: "locks one URI, whatever the kinds", held: under("u:1", files("a.ts")), asks: under("u:1", tasks("t")), gives: LOCKED },
    { name: "locks an alias out of its file", held: files("src/auth.ts"), asks: entities("api.auth"), gives: LOCKED },
    { name: "tells of an entity", held: entities("x", "y"), asks: entities("y"), gives: TOLD, severity: "medium" },
    { name: "tells of a task", held: tasks("t"), asks: tasks("t"), gives: TOLD, severity: "medium" },
    { name: "tells of the same query", held: query("1"), asks: query("1"), gives: TOLD, severity: "medium" },
    { name: "warns of another query", held: query("1"), asks: query("2"), gives: TOLD, severity: "low" },
    { name: "warns of a kind that nobody knows", held: { kind: "odd", a: 1 }, asks: { kind: "odd" }, gives: TOLD, severity: "low" },
    { name: "warns of a file that an entity names", held: files("a.py"), asks: entities("a.py::f"), gives: TOLD, severity: "low" },
    { name: "lets other entities be", held: entities("x"), asks: entities("z"), gives: FREE },
    { name: "lets other URIs of queries be", held: under("u:1", query("1")), asks: under("u:2", query("1")), gives: FREE },
    { name: "lets another kind be", held: entities("x"), asks: files("src"), gives: FREE },
  ])("$name", ({ held, asks, gives, severity }) => {
    const played = playWith(["ana", "bo"], { resource_registry });
    announce(played, "ana", "i", held);

    const decision = announce(played, "bo", "k", asks);

    expect(gist(decision)).toEqual(gives);
    const conflicts = [...played.state.conflicts.values()];
    expect(conflicts.map((conflict) => [conflict.severity, conflict.basis])).toEqual(
      severity === undefined ? [] : [[severity, severity === "low" ? "heuristic" : undefined]],
    );
  });

  it.each([
    { held: entities("x"), asks: entities("y", "x"), says: "bo and ana both work on x" },
    { held: query("1"), asks: query("1"), says: "bo and ana announced the same scope of the kind query" },
    {
      held: files("src/auth.py"),
      asks: entities("auth.login"),
      says: "bo and ana may mean to change the same, by what they call it: auth",
    },
    {
      held: query("1"),
      asks: query("2"),
      says: "bo and ana announced scopes of the kind query, and nobody can tell whether they meet; canonical_uris would tell",
    },
  ])("says «$says»", ({ held, asks, says }) => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i", held);

    expect(eventOf(announce(played, "bo", "k", asks), "ConflictOpened").description).toBe(says);
  });

  it("names the URI that is held in the refusal, and goes on with a conflict when it is told to", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i", under("u:1", entities("x")));

    expect(rejectionOf(announce(played, "bo", "k", under("u:1", entities("y")))).message).toContain("Files ['u:1'] are already");
    expect(gist(announce(played, "bo", "k", under("u:1", entities("y")), PROCEED))).toEqual(TOLD);
  });

  it("is told which of its own words are held by another name, and which are free", () => {
    const played = playWith(["ana", "bo"], { resource_registry });
    announce(played, "ana", "i", entities("api.auth"));

    const { message, details } = rejectionOf(announce(played, "bo", "k", files("src/auth.ts", "src/other.ts")));

    expect(message).toContain("Files ['src/auth.ts'] are already");
    expect(details).toMatchObject({ free: ["src/other.ts"], overlaps: [{ paths: ["src/auth.ts"] }] });
  });

  it("is locked out by no suspended one", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i", pattern("src/**"));
    played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });

    expect(gist(announce(played, "bo", "k", files("src/a.ts")))).toEqual(TOLD);
  });

  it("meets nothing of what has ended, or moved to another scope", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i", entities("x"));
    announce(played, "ana", "j", query("1"));
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "j" });
    played.says("ana", "INTENT_UPDATE", { intent_id: "i", scope: entities("y") });

    expect(gist(announce(played, "bo", "k", entities("x")))).toEqual(FREE);
    expect(gist(announce(played, "bo", "l", query("2")))).toEqual(FREE);
  });
});

describe("an announcement that meets its sender's own intent", () => {
  it.each([
    { name: "replaces a file by a pattern over it", own: files("src/a.ts"), next: pattern("src/*"), superseded: ["i"] },
    { name: "replaces the same entity", own: entities("x"), next: entities("x", "y"), superseded: ["i"] },
    { name: "replaces the same task", own: tasks("t"), next: tasks("t"), superseded: ["i"] },
    { name: "replaces the same query, as after a crash", own: query("1"), next: query("1"), superseded: ["i"] },
    { name: "replaces what has its URI", own: under("u:1", files("a.ts")), next: under("u:1", tasks("t")), superseded: ["i"] },
    { name: "leaves files beside an entity", own: files("a.py"), next: entities("x"), superseded: [] },
    { name: "leaves files beside an entity that names one", own: files("a.py"), next: entities("a.py::f"), superseded: [] },
    { name: "leaves a query beside another", own: query("1"), next: query("2"), superseded: [] },
    { name: "leaves a task beside another", own: tasks("t"), next: tasks("u"), superseded: [] },
  ])("$name", ({ own, next, superseded }) => {
    const played = playWith(["ana"]);
    announce(played, "ana", "i", own);

    const decision = announce(played, "ana", "k", next);

    expect(resultOf(decision)).toMatchObject({ conflicts: [], superseded });
  });
});

describe("an update", () => {
  const widen = (played: Play, scope: JsonObject, more: JsonObject = {}) =>
    played.says("bo", "INTENT_UPDATE", { intent_id: "k", scope, ...more });

  it("tells of what is sure although a warning about the two stands, and of nothing twice", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i", query("1"));
    announce(played, "bo", "k", query("2"));

    expect(gist(widen(played, query("3")))).toEqual(["IntentUpdated"]);
    expect(gist(widen(played, query("1")))).toEqual(["IntentUpdated", "ConflictOpened"]);
    expect(gist(widen(played, query("4")))).toEqual(["IntentUpdated"]);
  });

  it("that asks to be blocked is for a resource, not for a name", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i", under("u:1", tasks("t")));
    announce(played, "bo", "k", entities("x"));

    expect(gist(widen(played, tasks("t"), signalbox({ on_overlap: "block" })))).toEqual(["IntentUpdated", "ConflictOpened"]);
    expect(gist(widen(played, under("u:1", tasks("u")), signalbox({ on_overlap: "block" })))).toBe(LOCKED);
  });
});

it("brings a warning before nobody and freezes nothing for it, however long it stands", () => {
  const played = playWith(["ana", "bo"], { governance: { resolution_timeout_sec: 60 } });
  announce(played, "ana", "i", query("1"), { ttl_sec: DAY_MS / 1000 });
  announce(played, "bo", "k", query("2"), { ttl_sec: DAY_MS / 1000 });

  played.pass(HOUR_MS);

  expect([...played.state.conflicts.values()].map(({ state }) => state)).toEqual(["OPEN"]);
  expect(played.state.frozen.size).toBe(0);
});

it("warns of twenty at most, after what is sure, and refuses nobody for what is only possible", () => {
  const played = playWith(["ana", "bo"]);
  for (let index = 0; index < 110; index += 1) announce(played, "ana", `a${index}`, query(String(index)));

  const decision = announce(played, "bo", "k", query("109"));

  const severities = acceptedOf(decision).flatMap((event) => (event.type === "ConflictOpened" ? [event.severity] : []));
  expect(severities).toEqual(["medium", ...Array<string>(20).fill("low")]);
});

describe("a scope is refused with what to do", () => {
  it.each<{ readonly name: string; readonly scope: JsonObject; readonly says: string }>([
    { name: "with a pattern that leaves the workspace", scope: pattern("../**"), says: "leaves the workspace" },
    { name: "with a pattern that is too long", scope: pattern(`${"a".repeat(512)}*`), says: "at most 512 characters" },
    { name: "with a control character in its pattern", scope: pattern("a\u0000*"), says: "control character" },
    { name: "that is too large", scope: entities(...Array<string>(60).fill("x".repeat(4_000))), says: "at most 200000 are taken" },
  ])("$name", ({ scope, says }) => {
    const played = playWith(["ana"]);

    const { code, message } = rejectionOf(announce(played, "ana", "i", scope));

    expect([code, message]).toEqual(["scope/refused", expect.stringContaining(says)]);
  });

  it("counts a pattern among those that one principal holds", () => {
    const played = playWith(["ana"]);
    for (let index = 0; index < 256; index += 1) announce(played, "ana", `i${index}`, pattern(`d${index}/*`));

    expect(rejectionOf(announce(played, "ana", "more", pattern("e/*"))).message).toContain("at most 256 are taken");
  });
});

it("records a pattern as it is read and keeps whatever else a scope says", () => {
  const played = playWith(["ana"]);
  const scope: { readonly [member: string]: Json } = {
    kind: "resource_path",
    pattern: "/src//./**/*.ts",
    canonical_uris: ["u:1"],
    ours: [1],
  };

  const decision = announce(played, "ana", "i", scope);

  expect(eventOf(decision, "IntentAnnounced").scope).toEqual({ ...scope, pattern: "src/**/*.ts" });
});

it("compares by a new registry what was announced before it", () => {
  const played = playWith(["ana", "bo"]);
  announce(played, "ana", "i", files("src/auth.ts"));
  expect(gist(announce(played, "bo", "k", entities("api.auth")))).toEqual(FREE);
  played.says("bo", "INTENT_WITHDRAW", { intent_id: "k" });

  played.gives({ type: "Opened", session: "s", settings: { resource_registry } });

  expect(gist(announce(played, "bo", "l", entities("api.auth")))).toBe(LOCKED);
});
