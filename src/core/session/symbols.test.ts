/** When two intents may be at work in one file: both name symbols of it, and share none. */
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../wire/json.ts";
import { eventOf, files, gist, type Play, playWith, rejectionOf, signalbox } from "./session.test.fixture.ts";

function intent(id: string, resources: readonly string[], symbols?: Json, more: JsonObject = {}): JsonObject {
  const extensions = symbols === undefined ? {} : { signalbox: { symbols } };
  return { intent_id: id, objective: "work", scope: { ...files(...resources), extensions }, ...more };
}

/** Another file with the same canonical URI. */
const sameThing = (path: string, symbols: Json): JsonObject => ({
  ...files(path),
  canonical_uris: ["doc:one"],
  extensions: { signalbox: { symbols } },
});

/** What comes of bo's announcement while ana is at work. */
function meeting(held: JsonObject, asked: JsonObject) {
  const played = playWith(["ana", "bo"]);
  played.says("ana", "INTENT_ANNOUNCE", held);
  return gist(played.says("bo", "INTENT_ANNOUNCE", asked));
}

const PARTED = ["IntentAnnounced"];
const LOCKED = "intent/held";

describe("two intents over one file", () => {
  it.each([
    { held: ["parse"], asked: ["print"], gives: PARTED },
    { held: ["parse", "load"], asked: ["print", "load"], gives: LOCKED },
    { held: ["Parser.parse"], asked: ["Parser.print"], gives: PARTED },
    { held: ["Parser.parse"], asked: ["Lexer.parse"], gives: PARTED },
    { held: ["Parser"], asked: ["Parser.parse"], gives: LOCKED },
    { held: ["Parser.parse"], asked: ["app.Parser"], gives: LOCKED },
    { held: ["Parser.parse.inner"], asked: ["app.Parser"], gives: LOCKED },
    { held: ["parse"], asked: ["Parser.parse"], gives: LOCKED },
    { held: ["Parser::parse()"], asked: ["Parser#parse"], gives: LOCKED },
    { held: ["Parser::parse"], asked: ["Parser#print"], gives: PARTED },
    { held: ["parse"], asked: ["Parse"], gives: PARTED },
    { held: ["parse"], asked: [], gives: LOCKED },
    { held: ["parse"], asked: ["print", 7], gives: LOCKED },
    { held: ["parse"], asked: ["print", "."], gives: LOCKED },
    { held: ["parse"], asked: "print", gives: LOCKED },
    { held: ["parse"], asked: Array.from({ length: 65 }, (_, index) => `f${index}`), gives: LOCKED },
    { held: ["parse"], asked: ["p".repeat(257)], gives: LOCKED },
  ])("that name $held and $asked: $gives", ({ held, asked, gives }) => {
    expect(meeting(intent("a", ["a.ts"], { "a.ts": held }), intent("b", ["a.ts"], { "a.ts": asked }))).toEqual(gives);
  });

  it.each([
    { name: "only one names symbols", held: intent("a", ["a.ts"]), asked: intent("b", ["a.ts"], { "a.ts": ["print"] }), gives: LOCKED },
    { name: "the other names none", held: intent("a", ["a.ts"], { "a.ts": ["parse"] }), asked: intent("b", ["a.ts"]), gives: LOCKED },
    {
      name: "one names symbols of another file",
      held: intent("a", ["a.ts"], { "a.ts": ["parse"] }),
      asked: intent("b", ["a.ts"], { "b.ts": ["print"] }),
      gives: LOCKED,
    },
    {
      name: "the file is written otherwise",
      held: intent("a", ["a.ts"], { "./a.ts": ["parse"] }),
      asked: intent("b", ["./a.ts"], { "a.ts": ["print"] }),
      gives: PARTED,
    },
    {
      name: "one file is parted and one is not",
      held: intent("a", ["a.ts", "b.ts"], { "a.ts": ["parse"] }),
      asked: intent("b", ["a.ts", "b.ts"], { "a.ts": ["print"] }),
      gives: LOCKED,
    },
    {
      name: "the holder has the folder, too",
      held: intent("a", ["src", "src/a.ts"], { "src/a.ts": ["parse"] }),
      asked: intent("b", ["src/a.ts"], { "src/a.ts": ["print"] }),
      gives: LOCKED,
    },
    {
      name: "the asker has the folder, too",
      held: intent("a", ["src/a.ts"], { "src/a.ts": ["parse"] }),
      asked: intent("b", ["src/**", "src/a.ts"], { "src/a.ts": ["print"] }),
      gives: LOCKED,
    },
    {
      name: "what they share is another name of a file",
      held: { ...intent("a", ["a.ts"]), scope: sameThing("a.ts", { "b.ts": ["parse"] }) },
      asked: { ...intent("b", ["b.ts"]), scope: sameThing("b.ts", { "b.ts": ["print"] }) },
      gives: LOCKED,
    },
    {
      name: "nobody can read what they share",
      held: { ...intent("a", []), scope: { kind: "custom", what: "all" } },
      asked: { ...intent("b", []), scope: { kind: "custom", what: "all", extensions: { signalbox: { symbols: { "a.ts": ["print"] } } } } },
      gives: ["IntentAnnounced", "ConflictOpened"],
    },
    {
      name: "two spellings of a file are one list",
      held: intent("a", ["a.ts"], { "a.ts": ["print"], "./a.ts": ["parse"] }),
      asked: intent("b", ["a.ts"], { "a.ts": ["print"] }),
      gives: LOCKED,
    },
  ])("$name: $gives", ({ held, asked, gives }) => {
    expect(meeting(held, asked)).toEqual(gives);
  });

  it("are refused only over what they share, and told that the rest is free", () => {
    const played = playWith(["ana", "bo"]);
    played.says("ana", "INTENT_ANNOUNCE", intent("a", ["a.ts", "b.ts"], { "a.ts": ["parse"] }));

    const { message, details } = rejectionOf(played.says("bo", "INTENT_ANNOUNCE", intent("b", ["a.ts", "b.ts"], { "a.ts": ["print"] })));

    expect(message).toContain("Files ['b.ts']");
    expect(details).toMatchObject({ free: ["a.ts"], total: 1 });
  });

  it("of one principal both stand when they share no symbol", () => {
    const played = playWith(["ana"]);
    played.says("ana", "INTENT_ANNOUNCE", intent("a", ["a.ts"], { "a.ts": ["parse"] }));

    expect(gist(played.says("ana", "INTENT_ANNOUNCE", intent("b", ["a.ts"], { "a.ts": ["print"] })))).toEqual(["IntentAnnounced"]);
    expect(gist(played.says("ana", "INTENT_ANNOUNCE", intent("c", ["a.ts"])))).toEqual(["IntentEnded", "IntentEnded", "IntentAnnounced"]);
  });

  it("make no conflict when an update brings them together, until one names what the other has", () => {
    const played = parted();

    const shared = played.says("bo", "INTENT_UPDATE", update(["print", "parse"]));

    expect(eventOf(shared, "ConflictOpened")).toMatchObject({ category: "scope_overlap", intents: ["b", "a"] });
    const blocked = { ...update(["parse"]), ...signalbox({ on_overlap: "block" }) };
    expect(rejectionOf(played.says("bo", "INTENT_UPDATE", blocked)).code).toBe("intent/held");
  });
});

const update = (names: readonly string[]): JsonObject => {
  const { objective: _, ...rest } = intent("b", ["a.ts"], { "a.ts": names });
  return rest;
};

function parted(): Play {
  const played = playWith(["ana", "bo"]);
  played.says("ana", "INTENT_ANNOUNCE", intent("a", ["a.ts"], { "a.ts": ["parse"] }));
  played.says("bo", "INTENT_ANNOUNCE", intent("b", ["b.ts"]));
  expect(gist(played.says("bo", "INTENT_UPDATE", update(["print"])))).toEqual(["IntentUpdated"]);
  return played;
}

it("leaves out the files of a scope that names too much, which are locked whole", () => {
  const many = Object.fromEntries(
    Array.from({ length: 9 }, (_, file) => [`f${file}.ts`, Array.from({ length: 64 }, (_, name) => `n${name}`)]),
  );
  const paths = Object.keys(many);
  const other = Object.fromEntries(paths.map((path) => [path, ["else"]]));
  const played = playWith(["ana", "bo"]);
  played.says("ana", "INTENT_ANNOUNCE", intent("a", paths, many));

  const { details } = rejectionOf(played.says("bo", "INTENT_ANNOUNCE", intent("b", paths, other)));

  expect(details).toMatchObject({ overlaps: [{ paths: ["f8.ts"] }], free: paths.slice(0, 8) });
});

it("compares files by new rules where they were announced by others", () => {
  const played = playWith(["ana", "bo"]);
  const names = { "A.ts": ["parse"] };
  played.says("ana", "INTENT_ANNOUNCE", intent("a", ["A.ts"], names));
  expect(gist(played.says("bo", "INTENT_ANNOUNCE", intent("b", ["A.ts"], names)))).toBe("intent/held");

  played.gives({ type: "Opened", session: "s", settings: { fold_case: true } });

  expect(gist(played.says("bo", "INTENT_ANNOUNCE", intent("b", ["a.ts"], { "a.ts": ["print"] })))).toEqual(["IntentAnnounced"]);
});
