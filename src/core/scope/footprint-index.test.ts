import fc from "fast-check";
import { expect, it } from "vitest";
import { Scope } from "../../wire/mpac/messages.ts";
import { SessionSettings } from "../../wire/session/settings.ts";
import { DEFAULT_SETTINGS } from "../session/state.ts";
import { createFootprintIndex } from "./footprint-index.ts";
import { bondOf, type Footprint, footprintOf } from "./footprint.ts";
import { compileRegistry } from "./registry.ts";

const rules = { foldCase: true, roots: [] };
const settings = SessionSettings.parse({
  ...DEFAULT_SETTINGS,
  resource_registry: {
    mappings: [
      {
        canonical_uri: "u:1",
        aliases: [
          { kind: "file_set", value: "a/b.ts" },
          { kind: "entity_set", value: "b" },
        ],
      },
      { canonical_uri: "u:2", aliases: [{ kind: "resource_path", value: "a/*" }] },
      { canonical_uri: "u:3", aliases: [{ kind: "query", value: "x" }] },
    ],
  },
});
const registry = compileRegistry(settings, rules);
const footprint = (scope: object): Footprint => footprintOf(Scope.parse(scope), rules, registry);

const path = fc.constantFrom("a", "a/b.ts", "A/B.TS", "a/c", "b", "a/**", "**/*.ts", "c/a/b");
const word = fc.constantFrom("b", "a.b", "c.a.b.d", "a/b.ts::x", "a/c", "x", "f(a/b.ts)", "r://p/a/b.ts");
const some = (text: fc.Arbitrary<string>) => fc.array(text, { maxLength: 3 });
const canonical_uris = fc.option(some(fc.constantFrom("u:1", "u:2", "u:3", "r://p/a/b.ts")), { nil: undefined, freq: 1 });
const scope = fc
  .oneof(
    fc.record({ kind: fc.constant("file_set"), resources: some(path), canonical_uris }),
    fc.record({ kind: fc.constant("resource_path"), pattern: path, canonical_uris }),
    fc.record({ kind: fc.constant("entity_set"), entities: some(word), canonical_uris }),
    fc.record({ kind: fc.constant("task_set"), task_ids: some(word), canonical_uris }),
    fc.record({ kind: fc.constant("query"), expression: word, canonical_uris }),
    fc.record({ kind: fc.constantFrom("custom", "other"), value: fc.nat(1), canonical_uris }),
    fc.record({ kind: fc.constant("custom"), resources: some(path), canonical_uris }),
  )
  .map(footprint);
const id = fc.constantFrom("ana-1", "ana-2", "bo-1", "bo-2", "cy-1", "cy-2");
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ id, held: scope }) },
  { weight: 1, arbitrary: fc.record({ id, held: fc.constant(undefined) }) },
);

it("answers what asking about each pair answers, after any adding, replacing and removing", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), scope, (steps, asked) => {
      const index = createFootprintIndex();
      const all = new Map<string, Footprint>();
      for (const { id: holder, held } of steps) {
        if (held === undefined) {
          index.remove(holder);
          all.delete(holder);
        } else {
          index.add(holder, held);
          all.set(holder, held);
        }
        expect(index.size).toBe(all.size);
      }

      const expected = [...all.keys()].sort().flatMap((holder) => {
        const bond = bondOf(asked, all.get(holder) as Footprint);
        expect(bondOf(all.get(holder) as Footprint, asked)).toBe(bond);
        return bond === undefined ? [] : [[holder, bond]];
      });
      expect([...index.meeting(asked)].map(([holder, { by }]) => [holder, by])).toEqual(expected);

      for (const holder of all.keys()) index.remove(holder);
      expect([index.size, index.nodes, index.meeting(asked).size]).toEqual([0, 0, 0]);
    }),
    { numRuns: 1_000 },
  );
});

it("says by which words of the asking scope each is met, the strongest bond only", () => {
  const index = createFootprintIndex();
  index.add("files", footprint({ kind: "file_set", resources: ["src/auth.ts", "lib"] }));
  index.add("entities", footprint({ kind: "entity_set", entities: ["auth.login", "src/auth.ts::x"] }));
  index.add("uri", footprint({ kind: "task_set", task_ids: ["t"], canonical_uris: ["u:9"] }));
  index.add("query", footprint({ kind: "query", expression: "1" }));

  const hits = (about: object) => [...index.meeting(footprint(about))].map(([holder, { by, words }]) => [holder, by, ...words]);

  expect(hits({ kind: "file_set", resources: ["src", "SRC/auth.ts"], canonical_uris: ["u:9"] })).toEqual([
    ["entities", "possible", "SRC/auth.ts", "src"],
    ["files", "resource", "SRC/auth.ts", "src"],
    ["uri", "resource", "u:9"],
  ]);
  expect(hits({ kind: "entity_set", entities: ["x", "auth.login"] })).toEqual([
    ["entities", "name", "auth.login"],
    ["files", "possible", "auth"],
  ]);
  expect(hits({ kind: "entity_set", entities: ["src/auth.ts::z"] })).toEqual([["files", "possible", "src/auth.ts"]]);
  expect(hits({ kind: "query", expression: "2" })).toEqual([["query", "possible"]]);
  expect(hits({ kind: "query", expression: "1" })).toEqual([["query", "name"]]);
});

it.each([
  ["a dotted name", { kind: "entity_set", entities: ["auth.is_authenticated"] }, "app/auth.py"],
  ["a word like a path", { kind: "query", expression: "app/auth.py" }, "app"],
])("finds %s that alone says something of the files that are asked about", (_, held, path) => {
  const index = createFootprintIndex();
  index.add("words", footprint(held));

  expect([...index.meeting(footprint({ kind: "file_set", resources: [path] }))]).toEqual([["words", { by: "possible", words: [path] }]]);
});

it("says each path that meets several files of one scope once", () => {
  const index = createFootprintIndex();
  index.add("files", footprint({ kind: "file_set", resources: ["lib/x.ts", "lib/y.ts", "src/x.ts"] }));

  const [hit] = index.meeting(footprint({ kind: "file_set", resources: ["src", "lib"] })).values();

  expect(hit).toEqual({ by: "resource", words: ["lib", "src"] });
});
