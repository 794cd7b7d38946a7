/** Work in one file that breaks what somebody else works on in another: who is warned, of what, and that nobody is held up. */
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../wire/json.ts";
import { acceptedOf, eventOf, files, gist, type Play, playWith, resultOf, signalbox } from "./session.test.fixture.ts";

const scope = (resources: readonly string[], extensions: JsonObject = {}): JsonObject => ({ ...files(...resources), extensions });

function announce(played: Play, who: string, id: string, resources: readonly string[], extensions: JsonObject = {}) {
  return played.says(who, "INTENT_ANNOUNCE", { intent_id: id, objective: "work", scope: scope(resources, extensions) });
}

/** What a scope of `utils.py` says about who uses it. */
const reaching = (importer: string, names: Json | undefined, affects?: readonly string[]): JsonObject => ({
  impact: [importer],
  ...(names === undefined ? {} : { impact_symbols: { [importer]: names } }),
  ...(affects === undefined ? {} : { affects_symbols: affects }),
});

const breakages = (played: Play) => [...played.state.conflicts.values()].filter(({ category }) => category === "dependency_breakage");

describe("an announcement of a file that another's changes reach", () => {
  it.each([
    { name: "nobody said which names", said: reaching("main.py", undefined), symbols: null },
    { name: "what is changed is not said", said: reaching("main.py", ["utils.bar"]), symbols: null },
    { name: "what is changed is an empty list", said: reaching("main.py", ["utils.bar"], []), symbols: null },
    { name: "which names the file uses is not known", said: reaching("main.py", null, ["utils.foo"]), symbols: null },
    { name: "which names the file uses is not said", said: reaching("main.py", undefined, ["utils.foo"]), symbols: null },
    { name: "it uses a changed name", said: reaching("main.py", ["utils.foo", "utils.bar"], ["utils.foo"]), symbols: ["utils.foo"] },
    { name: "it uses others of its names only", said: reaching("main.py", ["utils.bar"], ["utils.foo"]), symbols: undefined },
    { name: "it uses no name", said: reaching("main.py", [], ["utils.foo"]), symbols: undefined },
    {
      name: "the names are too many to read",
      said: reaching("main.py", Array<string>(129).fill("utils.bar"), ["utils.foo"]),
      symbols: null,
    },
    { name: "a name is too long to read", said: reaching("main.py", ["b".repeat(257)], ["utils.foo"]), symbols: null },
    { name: "the file is another", said: reaching("other.py", undefined), symbols: undefined },
    { name: "nothing is said", said: {}, symbols: undefined },
    { name: "nonsense is said", said: { impact: { "main.py": 1 }, impact_symbols: [], affects_symbols: "x" }, symbols: undefined },
    { name: "the path is written otherwise", said: reaching("./src/..//main.py", ["utils.foo"], ["foo"]), symbols: ["utils.foo"] },
    { name: "nonsense stands between paths", said: { impact: [7, "../out", "*.py", "", "main.py"] }, symbols: null },
  ])("$name: $symbols", ({ said, symbols }) => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "a", ["utils.py"], said);

    const opened = acceptedOf(announce(played, "bo", "b", ["main.py"])).filter((event) => event.type === "ConflictOpened");

    const told = opened.map(({ dependency }) => (dependency as { ba: { file: string; symbols: string[] | null }[] }).ba);
    expect(told.map((broken) => broken.map((one) => one.symbols))).toEqual(symbols === undefined ? [] : [[symbols]]);
  });

  it("opens a conflict of medium severity between the two, the newcomer first, and says so to it", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "a", ["utils.py"], reaching("main.py", ["utils.foo"], ["foo"]));

    const decision = announce(played, "bo", "b", ["main.py"]);

    const opened = eventOf(decision, "ConflictOpened");
    expect(opened).toEqual({
      type: "ConflictOpened",
      conflictId: opened.conflictId,
      category: "dependency_breakage",
      severity: "medium",
      description: "what ana changes (utils.foo) is used in main.py, where bo works",
      intents: ["b", "a"],
      operations: [],
      principals: ["bo", "ana"],
      dependency: { ba: [{ file: "main.py", symbols: ["utils.foo"] }] },
    });
    expect(resultOf(decision)).toMatchObject({ conflicts: [opened.conflictId] });
    expect(played.state.conflicts.get(opened.conflictId)?.dependency).toEqual(opened.dependency);
  });

  it("is warned of a file that lies in a folder of the other", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "a", ["src/app"]);

    const decision = announce(played, "bo", "b", ["lib/x.ts"], reaching("src/app/main.ts", undefined));

    expect(eventOf(decision, "ConflictOpened").dependency).toEqual({ ab: [{ file: "src/app/main.ts", symbols: null }] });
  });

  it("is told of both directions in one conflict", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "a", ["utils.py"], reaching("shared.py", ["utils.foo"], ["utils.foo"]));

    const decision = announce(played, "bo", "b", ["shared.py"], reaching("utils.py", ["shared.help"], ["shared.help"]));

    expect(eventOf(decision, "ConflictOpened").dependency).toEqual({
      ab: [{ file: "utils.py", symbols: ["shared.help"] }],
      ba: [{ file: "shared.py", symbols: ["utils.foo"] }],
    });
  });

  it("is warned of what it means to use and does not use yet", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "a", ["db.py"], reaching("api.py", ["db.save"], ["db.recent"]));

    const decision = announce(played, "bo", "b", ["api.py"], { depends_on_symbols: ["db.recent"] });

    expect(eventOf(decision, "ConflictOpened").dependency).toEqual({ ba: [{ file: "api.py", symbols: ["db.recent"] }] });
  });

  it("names only the files in which something breaks, twenty at most", () => {
    const played = playWith(["ana", "bo"]);
    const importers = Array.from({ length: 30 }, (_, index) => `m${String(index).padStart(2, "0")}.py`);
    const uses = Object.fromEntries(importers.map((file, index) => [file, [index < 5 ? "utils.bar" : "utils.foo"]]));
    announce(played, "ana", "a", ["utils.py"], { impact: importers, impact_symbols: uses, affects_symbols: ["utils.foo"] });

    const { dependency } = eventOf(announce(played, "bo", "b", importers), "ConflictOpened");

    expect((dependency as { ba: { file: string }[] }).ba.map(({ file }) => file)).toEqual(importers.slice(5, 25));
  });
});

describe("what is told of very much", () => {
  const told = (decision: ReturnType<typeof announce>) =>
    (eventOf(decision, "ConflictOpened").dependency as { ba: { file: string; symbols: string[] | null }[] }).ba;

  it("is a thousand characters of names, and always one", () => {
    const played = playWith(["ana", "bo"]);
    const names = Array.from({ length: 20 }, (_, index) => `${"n".repeat(200)}${10 + index}`);
    announce(played, "ana", "a", ["utils.py"], reaching("main.py", names, names));

    expect(told(announce(played, "bo", "b", ["main.py"]))).toEqual([{ file: "main.py", symbols: names.slice(0, 4) }]);
  });

  it("is two thousand characters of files with their names, and always one", () => {
    const played = playWith(["ana", "bo"]);
    const long = Array.from({ length: 5 }, (_, index) => `${index}${"/d".repeat(300)}`);
    announce(played, "ana", "a", ["utils.py"], { impact: long });
    announce(played, "ana", "a2", ["other.py"], { impact: [`x${"/d".repeat(2_000)}`] });

    expect(told(announce(played, "bo", "b", long)).map(({ file }) => file)).toEqual(long.slice(0, 3));
    expect(told(announce(played, "bo", "b2", [`x${"/d".repeat(2_000)}`]))).toHaveLength(1);
  });
});

describe("advice that is too long to keep", () => {
  const path = (index: number): string => `pkg/${"deep/".repeat(10)}m${index}.py`;
  const many = (count: number, names: readonly string[]): JsonObject => {
    const impact = Array.from({ length: count }, (_, index) => path(index));
    return { impact, impact_symbols: Object.fromEntries(impact.map((file) => [file, names])), affects_symbols: ["utils.foo"], more: 1 };
  };
  const recorded = (played: Play) => played.state.intents.get("a" as never)?.scope["extensions"] as ReturnType<typeof many>;

  it("loses the files that nobody looks at, and nobody's work is refused for it", () => {
    const played = playWith(["ana", "bo"]);

    announce(played, "ana", "a", ["utils.py"], many(3_000, ["utils.bar"]));

    expect(recorded(played)).toEqual({ ...many(1_000, ["utils.bar"]) });
    expect(gist(announce(played, "bo", "b", [path(7)]))).toEqual(["IntentAnnounced"]);
  });

  it("loses the names next, and then any may be meant", () => {
    const played = playWith(["ana", "bo"]);
    const { impact_symbols: _, ...rest } = many(1_000, []);

    announce(played, "ana", "a", ["utils.py"], many(1_500, ["n".repeat(200)]));

    expect(recorded(played)).toEqual(rest);
    expect(eventOf(announce(played, "bo", "b", [path(7)]), "ConflictOpened").dependency).toEqual({
      ba: [{ file: path(7), symbols: null }],
    });
  });

  it("stays as it came where there is room", () => {
    const played = playWith(["ana"]);

    announce(played, "ana", "a", ["utils.py"], many(1_200, []));

    expect(recorded(played)).toEqual(many(1_200, []));
  });

  it("is refused with the scope when what is left is too long as well", () => {
    const played = playWith(["ana"]);

    expect(gist(announce(played, "ana", "a", ["utils.py"], { ...many(3_000, []), more: "m".repeat(200_000) }))).toBe("scope/refused");
  });
});

describe("a warning about what breaks elsewhere", () => {
  it("holds nobody up, even who asks to be blocked", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "a", ["utils.py"], reaching("main.py", undefined));

    const decision = played.says("bo", "INTENT_ANNOUNCE", {
      intent_id: "b",
      objective: "work",
      scope: scope(["main.py"]),
      ...signalbox({ on_overlap: "block" }),
    });

    expect(gist(decision)).toEqual(["IntentAnnounced", "ConflictOpened"]);
    expect(played.state.intents.get("a" as never)?.state).toBe("ACTIVE");
  });

  it("is given for a suspended intent, too, and for none that has ended", () => {
    const played = playWith(["ana", "bo", "cy"]);
    announce(played, "ana", "a", ["utils.py"], reaching("main.py", undefined));
    played.says("ana", "GOODBYE", { intent_disposition: "transfer" });
    expect(gist(announce(played, "bo", "b", ["main.py"]))).toEqual(["IntentAnnounced", "ConflictOpened"]);

    played.pass(301_000);

    expect(gist(announce(played, "cy", "c", ["main.py"]))).toEqual(["IntentAnnounced"]);
    expect(played.state.impacts.size).toBe(0);
  });

  it("is not given between intents of one principal, nor where both mean to change one file", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "a", ["utils.py", "same.py"], reaching("main.py", undefined));

    expect(gist(announce(played, "ana", "a2", ["main.py"]))).toEqual(["IntentAnnounced"]);
    const meeting = { intent_id: "b", objective: "work", scope: scope(["same.py", "main.py"]) };
    const decision = played.says("bo", "INTENT_ANNOUNCE", { ...meeting, ...signalbox({ on_overlap: "proceed" }) });

    const categories = acceptedOf(decision).flatMap((event) => (event.type === "ConflictOpened" ? [event.category] : []));
    expect(categories).toEqual(["scope_overlap", "scope_overlap"]);
    expect(breakages(played)).toEqual([]);
  });

  it("is given when an update brings the file in, and once only", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "a", ["utils.py"]);
    announce(played, "bo", "b", ["main.py"]);

    const wider = { intent_id: "a", scope: scope(["utils.py"], reaching("main.py", undefined)) };
    expect(gist(played.says("ana", "INTENT_UPDATE", wider))).toEqual(["IntentUpdated", "ConflictOpened"]);
    expect(gist(played.says("ana", "INTENT_UPDATE", wider))).toEqual(["IntentUpdated"]);
    expect(gist(played.says("ana", "INTENT_UPDATE", { intent_id: "a", ttl_sec: 60 }))).toEqual(["IntentUpdated"]);

    played.says("ana", "INTENT_UPDATE", { intent_id: "a", scope: scope(["utils.py"]) });
    expect(played.state.impacts.size).toBe(0);
  });

  it("does not stand for a direct meeting that follows", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "a", ["utils.py"], reaching("main.py", undefined));
    announce(played, "bo", "b", ["main.py"]);

    const decision = played.says("bo", "INTENT_UPDATE", { intent_id: "b", scope: files("main.py", "utils.py") });

    expect(eventOf(decision, "ConflictOpened").category).toBe("scope_overlap");
  });

  it("is given about fifty intents at most", () => {
    const played = playWith(["ana", "bo"]);
    for (let index = 0; index < 60; index += 1) announce(played, "ana", `a${index}`, [`m${index}.py`]);
    const impact = Array.from({ length: 60 }, (_, index) => `m${index}.py`);

    const decision = announce(played, "bo", "b", ["utils.py"], { impact });

    expect(acceptedOf(decision).filter(({ type }) => type === "ConflictOpened")).toHaveLength(50);
  });

  it("looks at the first thousand files of a list", () => {
    const played = playWith(["ana", "bo"]);
    const impact = Array.from({ length: 1_001 }, (_, index) => `m${index}.py`);
    announce(played, "ana", "a", ["utils.py"], { impact });

    expect(gist(announce(played, "bo", "b", ["m999.py"]))).toEqual(["IntentAnnounced", "ConflictOpened"]);
    expect(gist(announce(played, "bo", "c", ["m1000.py"]))).toEqual(["IntentAnnounced"]);
  });

  it("compares files as the session does", () => {
    const played = playWith(["ana", "bo"], { fold_case: true, root: "/w" });
    announce(played, "ana", "a", ["utils.py"], reaching("/w/Src/Main.py", ["utils.foo"], ["foo"]));

    const decision = announce(played, "bo", "b", ["src/main.py"]);

    expect(eventOf(decision, "ConflictOpened").dependency).toEqual({ ba: [{ file: "Src/Main.py", symbols: ["utils.foo"] }] });
  });

  it("compares by new rules what was announced before them", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "a", ["utils.py"], reaching("Main.py", ["utils.foo"], ["foo"]));
    expect(gist(announce(played, "bo", "b", ["main.py"]))).toEqual(["IntentAnnounced"]);

    played.gives({ type: "Opened", session: "s", settings: { fold_case: true } });

    const decision = played.says("bo", "INTENT_UPDATE", { intent_id: "b", scope: scope(["MAIN.py"]) });
    expect(eventOf(decision, "ConflictOpened").dependency).toEqual({ ba: [{ file: "Main.py", symbols: ["utils.foo"] }] });
  });
});
