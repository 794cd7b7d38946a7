/** That what the indexes find is what comparing every pair of intents by the rule as it is written finds. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import { overlaps, parseResource } from "../scope/resource.ts";
import { acceptedOf, playWith, signalbox } from "./session.test.fixture.ts";

interface Said {
  readonly who: string;
  readonly resources: readonly string[];
  readonly impact: readonly string[];
  readonly uses: Readonly<Record<string, readonly string[] | null>>;
  readonly affects: readonly string[] | undefined;
  readonly plans: readonly string[] | undefined;
}

const path = fc.constantFrom("a.py", "b.py", "c.py", "src/d.py", "src/e.py");
const held = fc.oneof({ arbitrary: path, weight: 6 }, { arbitrary: fc.constantFrom("src", "**/*.py", "src/*.py", "lib"), weight: 1 });
const name = fc.constantFrom("foo", "m.foo", "m.bar", "Note", "m.Note", "Note.title", "m.Note.text", "User.name");
const names = fc.uniqueArray(name, { maxLength: 3 });
const optional = fc.option(names, { nil: undefined });

const said: fc.Arbitrary<Said> = fc.record({
  who: fc.constantFrom("ana", "bo", "cy"),
  resources: fc.uniqueArray(held, { minLength: 1, maxLength: 2 }),
  impact: fc.uniqueArray(path, { maxLength: 3 }),
  uses: fc.dictionary(path, fc.option(names), { maxKeys: 3 }),
  affects: optional,
  plans: optional,
});

const parts = (text: string): readonly string[] => text.split(".");
const last = (text: string): string => parts(text).at(-1) ?? "";
const classOf = (text: string): string | undefined =>
  parts(text)
    .slice(-2, -1)
    .find((part) => /^[A-Z]/.test(part));

/** Equal, equal at the end, or of one class: as the reference has it. */
function isMet(one: string, other: string): boolean {
  const [a, b] = [classOf(one), classOf(other)];
  return last(one) === last(other) || a === last(other) || b === last(one) || (a !== undefined && a === b);
}

function meets(one: readonly string[], other: readonly string[]): boolean {
  const rules = { foldCase: false, roots: [] };
  const read = (text: string) => {
    const resource = parseResource(text, rules);
    if ("refused" in resource) throw new Error(resource.refused);
    return resource;
  };
  return one.some((a) => other.some((b) => overlaps(read(a), read(b))));
}

function breaks(changing: Said, using: Said): boolean {
  const { affects, impact, uses } = changing;
  return impact
    .filter((file) => meets([file], using.resources))
    .some((file) => {
      const used = Object.hasOwn(uses, file) ? uses[file] : null;
      if (affects === undefined || affects.length === 0 || used === null || used === undefined) return true;
      return affects.some((a) => [...used, ...(using.plans ?? [])].some((b) => isMet(a, b)));
    });
}

function announced({ resources, impact, uses, affects, plans }: Said, id: string): JsonObject {
  const extensions = {
    impact,
    impact_symbols: uses,
    ...(affects === undefined ? {} : { affects_symbols: affects }),
    ...(plans === undefined ? {} : { depends_on_symbols: plans }),
  };
  return { intent_id: id, scope: { kind: "file_set", resources, extensions }, ...signalbox({ on_overlap: "proceed" }) };
}

it("warns of every dependency that breaks between intents that do not meet, and of no other", () => {
  fc.assert(
    fc.property(fc.array(said, { minLength: 2, maxLength: 6 }), (all) => {
      const played = playWith(["ana", "bo", "cy"]);
      const standing = new Map<string, Said>();
      all.forEach((now, index) => {
        const others = [...standing].filter(([, other]) => other.who !== now.who && !meets(other.resources, now.resources));
        const expected = others.filter(([, other]) => breaks(now, other) || breaks(other, now)).map(([id]) => id);

        const events = acceptedOf(played.says(now.who, "INTENT_ANNOUNCE", announced(now, `i${index}`)));

        const opened = events.filter((event) => event.type === "ConflictOpened" && event.category === "dependency_breakage");
        expect(opened.map((event) => (event as { readonly intents: readonly string[] }).intents)).toEqual(
          expected.sort().map((id) => [`i${index}`, id]),
        );
        for (const [id, other] of standing) if (other.who === now.who && meets(other.resources, now.resources)) standing.delete(id);
        standing.set(`i${index}`, now);
      });
    }),
    { numRuns: 150 },
  );
});
