import fc from "fast-check";
import { expect, it } from "vitest";
import { overlaps, parseResource, type Resource } from "./resource.ts";
import { createScopeIndex, type ResourcePair } from "./scope-index.ts";

const rules = { foldCase: true, roots: [] };

function scope(...texts: readonly string[]): Resource[] {
  return texts.map((text) => {
    const resource = parseResource(text, rules);
    if ("refused" in resource) throw new Error(resource.refused);
    return resource;
  });
}

const name = fc.constantFrom("a", "b", "A", "ab", "__proto__", "*", "?", "a*", "*b", "b.ts", "*.ts", "**");
const text = fc.array(name, { maxLength: 4 }).map((names) => names.join("/"));
const resources = fc.array(text, { maxLength: 4 }).map((texts) => scope(...texts));
const id = fc.constantFrom("ana-1", "ana-2", "bo-1", "bo-2", "cy-1");
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ act: fc.constant("add" as const), id, resources }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("remove" as const), id }) },
);

/** Every held scope against every asked path, one pair after the other. */
function scan(held: ReadonlyMap<string, readonly Resource[]>, asked: readonly Resource[]): [string, ResourcePair[]][] {
  const firsts = (all: readonly Resource[]) => all.filter((resource, i) => all.findIndex(({ key }) => key === resource.key) === i);
  return [...held.keys()].sort().flatMap((holder) => {
    const pairs = firsts(asked).flatMap((one) =>
      firsts(held.get(holder) ?? [])
        .filter((other) => overlaps(one, other))
        .map((other) => ({ asked: one.path, held: other.path })),
    );
    const order = ({ asked: one, held: other }: ResourcePair) => `${one}\0${other}`;
    pairs.sort((a, b) => (order(a) < order(b) ? -1 : 1));
    return pairs.length === 0 ? [] : [[holder, pairs]];
  });
}

it("answers what a scan of everything answers, after any adding, replacing and removing", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), resources, fc.nat(5), (steps, asked, limit) => {
      const index = createScopeIndex();
      const held = new Map<string, readonly Resource[]>();
      for (const taken of steps) {
        if (taken.act === "add") {
          index.add(taken.id, taken.resources);
          held.set(taken.id, taken.resources);
        } else {
          index.remove(taken.id);
          held.delete(taken.id);
        }
        expect(index.size).toBe(held.size);
      }

      const expected = scan(held, asked);
      expect([...index.overlapping(asked)]).toEqual(expected);
      expect([...index.overlapping(asked, limit)]).toEqual(expected.slice(0, limit));

      for (const holder of held.keys()) index.remove(holder);
      expect({ size: index.size, nodes: index.nodes }).toEqual({ size: 0, nodes: 0 });
      expect([...index.overlapping(scope("", "**"))]).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

it("names both paths as each side wrote them", () => {
  const index = createScopeIndex();
  index.add("ana-1", scope("Src/App.ts", "docs"));
  index.add("bo-1", scope("src/*.ts"));

  expect([...index.overlapping(scope("SRC", "docs/a.md", "lib"))]).toEqual([
    [
      "ana-1",
      [
        { asked: "SRC", held: "Src/App.ts" },
        { asked: "docs/a.md", held: "docs" },
      ],
    ],
    ["bo-1", [{ asked: "SRC", held: "src/*.ts" }]],
  ]);
});

it("remembers only the way to what is held", () => {
  const index = createScopeIndex();
  index.add("ana-1", scope("src/a/b.ts", "src/*.ts"));
  index.add("bo-1", scope("src/a"));
  expect(index.nodes).toBe(3);

  index.remove("ana-1");
  expect(index.nodes).toBe(2);

  index.add("bo-1", scope("**"));
  expect(index.nodes).toBe(0);
});

it("keeps ten thousand holders of one file apart", () => {
  const index = createScopeIndex();
  const ids = Array.from({ length: 10_000 }, (_, i) => `intent-${String(i).padStart(5, "0")}`);
  for (const holder of ids) index.add(holder, scope("src/app.ts"));
  expect([...index.overlapping(scope("src")).keys()]).toEqual(ids);
  expect(index.nodes).toBe(2);

  for (const holder of ids.slice(1)) index.remove(holder);

  expect([...index.overlapping(scope("src")).keys()]).toEqual([ids[0]]);
});

it("leaves everything alone when an id that holds nothing is removed", () => {
  const index = createScopeIndex();
  index.add("ana-1", scope("src"));

  index.remove("bo-1");

  expect(index.size).toBe(1);
  expect([...index.overlapping(scope("src")).keys()]).toEqual(["ana-1"]);
});
