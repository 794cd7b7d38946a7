/** When a refused announcement looks like the work that its holder is doing, and what the refused is told of that. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import { files, type Play, playWith, rejectionOf, signalbox } from "./session.test.fixture.ts";

interface Said {
  readonly objective?: string;
  readonly extensions?: JsonObject;
}

const intent = (id: string, { objective = "work", extensions = {} }: Said, path = "notes/db.py"): JsonObject => ({
  intent_id: id,
  objective,
  scope: { ...files(path), extensions },
});

function candidateOf(played: Play, message: JsonObject, who = "bo"): JsonObject | undefined {
  const { details } = rejectionOf(played.says(who, "INTENT_ANNOUNCE", message));
  return details?.["duplicate_candidate"] as JsonObject | undefined;
}

/** What bo is told, with ana at work. */
function told(holder: Said, asking: Said): JsonObject | undefined {
  const played = playWith(["ana", "bo"]);
  played.says("ana", "INTENT_ANNOUNCE", intent("a", holder));
  return candidateOf(played, intent("b", asking));
}

const semantics = (said: JsonObject): Said => ({ extensions: { intent_semantics: said } });
const SORT = "notes.db.sort_by_recent";
const NEWEST_FIRST = "returns notes, newest first";

describe("an announcement over held files", () => {
  it.each([
    {
      name: "the same symbol and action are as good as the same work",
      holder: semantics({ action: "add_symbol", targets: [{ file: "notes/db.py", symbol: SORT }] }),
      asking: semantics({ action: " ADD_symbol ", symbols: [SORT] }),
      gives: { confidence: "high", reason: "same_symbol_and_action", matched_symbols: [SORT], matched_postconditions: [] },
    },
    {
      name: "the same symbol without an action may be",
      holder: { extensions: { affects_symbols: [SORT] } },
      asking: semantics({ action: "add_symbol", symbol: SORT }),
      gives: { confidence: "medium", reason: "same_symbol", matched_symbols: [SORT], matched_postconditions: [] },
    },
    {
      name: "the same symbol in two objectives may be",
      holder: { objective: "add sort_by_recent() function" },
      asking: { objective: "the sort_by_recent function is missing in db.py" },
      gives: { confidence: "medium", reason: "same_symbol", matched_symbols: [SORT], matched_postconditions: [] },
    },
    {
      name: "the same outcome in other letters is as good as the same work when the action is the same",
      holder: semantics({ action: "add_behavior", postconditions: [{ kind: "behavior", text: "Returns notes,  newest first " }] }),
      asking: semantics({ action: "add_behavior", postcondition: NEWEST_FIRST }),
      gives: {
        confidence: "high",
        reason: "same_postcondition_and_action",
        matched_symbols: [],
        matched_postconditions: [NEWEST_FIRST],
      },
    },
    {
      name: "the same outcome without an action may be",
      holder: semantics({ postconditions: [{ expected: NEWEST_FIRST }] }),
      asking: semantics({ postconditions: [NEWEST_FIRST, "else"] }),
      gives: { confidence: "medium", reason: "same_postcondition", matched_symbols: [], matched_postconditions: [NEWEST_FIRST] },
    },
  ])("$name", ({ holder, asking, gives }) => {
    expect(told(holder, asking)).toMatchObject({ candidate: true, ...gives, verification_required: true });
  });

  it.each([
    {
      name: "another action on the symbol",
      holder: semantics({ action: "add", symbol: SORT }),
      asking: semantics({ action: "remove", symbol: SORT }),
    },
    {
      name: "another symbol",
      holder: semantics({ action: "add", symbol: SORT }),
      asking: semantics({ action: "add", symbol: "notes.db.find" }),
    },
    { name: "other letters of a symbol", holder: semantics({ symbol: SORT }), asking: semantics({ symbol: SORT.toUpperCase() }) },
    {
      name: "another action with the outcome",
      holder: semantics({ action: "a", postcondition: "x" }),
      asking: semantics({ action: "b", postcondition: "x" }),
    },
    { name: "words that name nothing", holder: { objective: "fix the handler" }, asking: { objective: "rename the methods" } },
    { name: "nothing", holder: {}, asking: {} },
    {
      name: "nonsense",
      holder: { extensions: { intent_semantics: [1], affects_symbols: {} } },
      asking: semantics({ targets: 1, symbols: { a: 1 } }),
    },
    {
      name: "a name that is too long to tell",
      holder: semantics({ symbol: "s".repeat(201) }),
      asking: semantics({ symbol: "s".repeat(201) }),
    },
  ])("is no duplicate for $name", ({ holder, asking }) => {
    expect(told(holder, asking)).toBeUndefined();
  });

  it("is told who does it, where, what both said, and what to do about it", () => {
    const said = semantics({ action: "add_symbol", symbol: SORT, postcondition: NEWEST_FIRST });

    expect(told(said, said)).toEqual({
      candidate: true,
      confidence: "high",
      reason: "same_symbol_and_action",
      matched_symbols: [SORT],
      matched_postconditions: [],
      other_intent_id: "a",
      other_principal_id: "ana",
      shared_files: ["notes/db.py"],
      current: { action: "add_symbol", symbols: [SORT], postconditions: [NEWEST_FIRST] },
      other: { action: "add_symbol", symbols: [SORT], postconditions: [NEWEST_FIRST] },
      verification_required: true,
      guidance: expect.stringContaining("read the shared files again"),
    });
  });

  it("is compared with every holder, and told of the first that does the same", () => {
    const played = playWith(["ana", "bo", "cy"]);
    played.says("ana", "INTENT_ANNOUNCE", intent("a", {}, "src/a.ts"));
    played.says("bo", "INTENT_ANNOUNCE", intent("b", { objective: "rewrite parse()" }, "src/b.ts"));

    const candidate = candidateOf(played, intent("c", { objective: "the parse function is slow" }, "src"), "cy");

    expect(candidate).toMatchObject({ other_intent_id: "b", matched_symbols: ["parse"], shared_files: ["src"] });
  });

  it("tells thirty-two symbols of each side at most", () => {
    const symbols = Array.from({ length: 100 }, (_, index) => `notes.db.f${index}`);

    const { matched_symbols, other } = told(semantics({ symbols }), semantics({ symbols })) ?? {};

    expect([matched_symbols, (other as JsonObject)["symbols"]].map((list) => (list as string[]).length)).toEqual([32, 32]);
  });

  it("is told twenty shared files at most, and none with an endless path", () => {
    const paths = [`a${"/d".repeat(200)}`, ...Array.from({ length: 30 }, (_, index) => `f${10 + index}.ts`)];
    const work = { objective: "rewrite parse()", scope: files(...paths) };
    const played = playWith(["ana", "bo"]);
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "a", ...work });

    expect(candidateOf(played, { intent_id: "b", ...work })?.["shared_files"]).toEqual(paths.slice(1, 21));
  });

  it("is told the same when an update asks to be blocked", () => {
    const played = playWith(["ana", "bo"]);
    played.says("ana", "INTENT_ANNOUNCE", intent("a", { objective: "add parse()" }, "a.ts"));
    played.says("bo", "INTENT_ANNOUNCE", intent("b", { objective: "fix the parse method" }, "b.ts"));

    const update = { intent_id: "b", scope: files("a.ts", "b.ts"), ...signalbox({ on_overlap: "block" }) };
    const { details } = rejectionOf(played.says("bo", "INTENT_UPDATE", update));

    expect(details).toMatchObject({ total: 1, duplicate_candidate: { reason: "same_symbol", matched_symbols: ["parse"] } });
  });
});

it.each([
  ["add sort() and Store.load ( )", ["sort", "Store.load"]],
  ["the login handler and its endpoints", ["login"]],
  ["新增 sort函数", ["sort"]],
  ["restore functionality", []],
  [`${"a ".repeat(2_000)}b`, []],
  [`${"a".repeat(4_000)} function`, []],
])("finds in the objective %j the names %j", (objective, names) => {
  const played = playWith(["ana", "bo"]);
  played.says("ana", "INTENT_ANNOUNCE", intent("a", semantics({ postcondition: "x" }), "a.ts"));
  const asking = { objective, ...semantics({ postcondition: "x" }) };
  const { current } = candidateOf(played, intent("b", asking, "a.ts")) ?? {};

  expect((current as JsonObject)["symbols"]).toEqual(names);
});
