/** The reference's suites about advice, played against our core: who breaks whose work, and who does the same work twice. */
import { describe, expect, it } from "vitest";
import { files, type Play } from "../../core/session/session.test.fixture.ts";
import type { Json, JsonObject } from "../../wire/json.ts";
import { refusal } from "./coordinator-voice.ts";
import { announce, BOTH, joined, type Saying, saidBy } from "./reference-suites.test.fixture.ts";

const scope = (resource: string, extensions: JsonObject = {}): JsonObject => ({ scope: { ...files(resource), extensions } });

interface Reach {
  readonly impact: string;
  readonly uses?: Json;
  readonly affects?: readonly string[];
}

/** What a scope says of a file that uses what it changes. */
const reaching = ({ impact, uses, affects }: Reach): JsonObject => ({
  impact: [impact],
  ...(uses === undefined ? {} : { impact_symbols: { [impact]: uses } }),
  ...(affects === undefined ? {} : { affects_symbols: affects }),
});

/** What bo is told who announces `theirs` while ana is at work on `ours`. */
function told(ours: JsonObject, theirs: JsonObject): Saying[] {
  const played = joined(BOTH);
  announce(played, "ana", "a", [], ours);
  return saidBy(played, () => announce(played, "bo", "b", [], theirs));
}

const detailOf = (heard: readonly Saying[]): Json | undefined => heard[0]?.["dependency_detail"] as Json | undefined;

describe("suite dependency_breakage: work on a file that another's changes reach", () => {
  it("is reported once, to both, the newcomer first", () => {
    const heard = told(scope("utils.py", { impact: ["main.py"] }), scope("main.py"));

    expect(heard).toMatchObject([{ type: "CONFLICT_REPORT", category: "dependency_breakage", principal_a: "bo", principal_b: "ana" }]);
  });

  it.each([
    { name: "neither says what uses what", ours: scope("utils.py"), theirs: scope("main.py") },
    { name: "another file is reached", ours: scope("utils.py", { impact: ["main.py"] }), theirs: scope("unrelated.py") },
  ])("is none when $name", ({ ours, theirs }) => {
    expect(told(ours, theirs)).toEqual([]);
  });

  it("is an overlap, and only that, when the file is the same", () => {
    const same = scope("utils.py", { impact: ["main.py"] });

    expect(told(same, same)).toMatchObject([{ category: "scope_overlap" }]);
  });

  it("is none between entities: those are no files", () => {
    const entities = (name: string, extensions: JsonObject = {}) => ({ scope: { kind: "entity_set", entities: [name], extensions } });

    expect(told(entities("a.b", { impact: ["a.c"] }), entities("a.c"))).toEqual([]);
  });

  it("keeps what it does not know of a scope, and needs none of it", () => {
    const played = joined(BOTH);

    announce(played, "ana", "a", [], { scope: { ...files("x.py"), extensions: { impact: ["y.py"] }, later: "something" } });
    announce(played, "bo", "b", ["z.py"]);

    const [kept, plain] = [...played.state.intents.values()].map((intent) => intent.scope as unknown as JsonObject);
    expect(kept).toMatchObject({ resources: ["x.py"], extensions: { impact: ["y.py"] } });
    expect(plain).not.toHaveProperty("extensions");
  });

  const [FOO, BAR] = ["utils.foo", "utils.bar"];
  const NOTE = "models.Note";

  it.each<readonly [string, Reach, readonly string[] | null | undefined]>([
    ["other names are used than are changed", { impact: "main.py", uses: [BAR], affects: [FOO] }, undefined],
    ["a changed name is used", { impact: "main.py", uses: [FOO, BAR], affects: [FOO] }, [FOO]],
    ["nobody can tell which names are used", { impact: "main.py", uses: null, affects: [FOO] }, null],
    ["nobody said what is changed", { impact: "main.py", uses: [BAR] }, null],
    ["nobody said which names are used", { impact: "main.py", affects: [FOO] }, null],
    ["a bare name is changed and the whole one used", { impact: "main.py", uses: [NOTE], affects: ["Note"] }, [NOTE]],
    ["the whole name is changed and a bare one used", { impact: "main.py", uses: ["Note"], affects: [NOTE] }, [NOTE]],
    ["the names end otherwise", { impact: "main.py", uses: ["models.User"], affects: ["Note"] }, undefined],
    [
      "a field is changed of a class that is used",
      { impact: "main.py", uses: ["app.models.Note"], affects: ["Note.archived"] },
      ["Note.archived"],
    ],
  ])("%s", (_, reach, symbols) => {
    const heard = told(scope("utils.py", reaching(reach)), scope("main.py"));

    expect(detailOf(heard)).toEqual(symbols === undefined ? undefined : { ba: [{ file: "main.py", symbols }] });
  });

  it("is as sure as what is known of the file that is worked on", () => {
    const extensions = { impact: ["api.py", "docs.py"], impact_symbols: { "api.py": [BAR], "docs.py": null }, affects_symbols: [FOO] };

    expect([told(scope("utils.py", extensions), scope("docs.py")), told(scope("utils.py", extensions), scope("api.py"))]).toMatchObject([
      [{ category: "dependency_breakage" }],
      [],
    ]);
  });

  it("counts what somebody means to use and does not use yet", () => {
    const sort = "notes_app.db.sort_by_recent";
    const ours = scope("db.py", reaching({ impact: "api.py", uses: ["notes_app.db.save"], affects: [sort] }));

    const heard = told(ours, scope("api.py", { depends_on_symbols: [sort] }));

    expect(detailOf(heard)).toEqual({ ba: [{ file: "api.py", symbols: [sort] }] });
  });

  it("goes both ways, and is found whoever comes first", () => {
    const ours = scope("utils.py", reaching({ impact: "shared.py", uses: [FOO], affects: [FOO] }));
    const theirs = scope("shared.py", reaching({ impact: "utils.py", uses: ["shared.help"], affects: ["shared.help"] }));

    expect([detailOf(told(ours, theirs)), detailOf(told(scope("shared.py"), ours))]).toEqual([
      { ab: [{ file: "utils.py", symbols: ["shared.help"] }], ba: [{ file: "shared.py", symbols: [FOO] }] },
      { ab: [{ file: "shared.py", symbols: [FOO] }] },
    ]);
  });
});

const DB = "notes_app/db.py";
const [SORT, FIND] = ["notes_app.db.sort_by_recent", "notes_app.db.find_by_title"];
const OUTCOME = "returns notes sorted by created_at descending";
const adding = (symbol: string): JsonObject => ({
  intent_semantics: { action: "add_symbol", targets: [{ file: DB, symbol }], postconditions: [{ kind: "behavior", text: OUTCOME }] },
});

/** The whole payload of what bo is refused with. */
function refused(ours: JsonObject, theirs: JsonObject): JsonObject {
  const played: Play = joined(BOTH);
  const block = { extensions: {} };
  announce(played, "ana", "a", [], { ...block, ...ours });
  const decision = announce(played, "bo", "b", [], { ...block, ...theirs });
  return "rejected" in decision ? refusal(decision.rejected, "m", 0).payload : {};
}

const said = (objective: string, extensions: JsonObject = {}): JsonObject => ({ objective, ...scope(DB, extensions) });

describe("suite intent_semantics: an announcement over a held file", () => {
  it("with the same symbol and action is likely the same work, which is to be looked at", () => {
    const payload = refused(said("add sort_by_recent", adding(SORT)), said("add recent sorter", adding(SORT)));

    expect(payload).toMatchObject({
      error_code: "STALE_INTENT",
      duplicate_candidate: {
        candidate: true,
        confidence: "high",
        reason: "same_symbol_and_action",
        other_intent_id: "a",
        matched_symbols: [SORT],
        verification_required: true,
      },
    });
  });

  it("with other symbols is not", () => {
    const targets = (symbol: string) => ({ intent_semantics: { action: "add_symbol", targets: [{ file: DB, symbol }] } });

    expect(refused(said("add sorter", targets(SORT)), said("add finder", targets(FIND)))).not.toHaveProperty("duplicate_candidate");
  });

  it.each([
    {
      name: "the names that it changes",
      ours: said("add sorter", { affects_symbols: [SORT] }),
      theirs: said("add sorter", { affects_symbols: [SORT] }),
    },
    {
      name: "a function in its objective",
      ours: said("add sort_by_recent() function"),
      theirs: said("add sort_by_recent function to db.py"),
    },
  ])("may be by $name", ({ ours, theirs }) => {
    expect(refused(ours, theirs)).toMatchObject({
      duplicate_candidate: { confidence: "medium", reason: "same_symbol", matched_symbols: [SORT] },
    });
  });

  it("may be by what will be true afterwards", () => {
    const semantics = { intent_semantics: { action: "add_behavior", postconditions: [{ kind: "behavior", text: OUTCOME }] } };

    expect(refused(said("add recent sorting behavior", semantics), said("make notes sort newest first", semantics))).toMatchObject({
      duplicate_candidate: { reason: "same_postcondition_and_action", matched_symbols: [], matched_postconditions: [OUTCOME] },
    });
  });
});
