/** That intents share a file when their symbols are apart, and never otherwise, whatever else their scopes hold. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { files, playWith, signalbox } from "./session.test.fixture.ts";

interface Said {
  readonly who: string;
  readonly resources: readonly string[];
  readonly symbols: Readonly<Record<string, readonly string[]>>;
}

const file = fc.constantFrom("src/a.ts", "src/b.ts", "c.ts");
const held = fc.oneof({ arbitrary: file, weight: 8 }, { arbitrary: fc.constantFrom("src", "src/*.ts"), weight: 1 });
const name = fc.array(fc.constantFrom("x", "y", "z"), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("."));
const names = fc.uniqueArray(name, { maxLength: 2 });
const said: fc.Arbitrary<Said> = fc.record({
  who: fc.constantFrom("ana", "bo", "cy"),
  resources: fc.uniqueArray(held, { minLength: 1, maxLength: 2 }),
  symbols: fc.record({ "src/a.ts": names, "src/b.ts": names, "c.ts": names }),
});

const endsIn = (longer: string, shorter: string): boolean => `.${longer}`.endsWith(`.${shorter}`);

/** Whether one of the names, or what it lies in, may be the other. */
function isShared(one: string, other: string): boolean {
  const upTo = (text: string): string[] => text.split(".").map((_, index, parts) => parts.slice(0, index + 1).join("."));
  const lies = (inner: string, outer: string) => upTo(inner).some((place) => endsIn(place, outer) || endsIn(outer, place));
  return lies(one, other) || lies(other, one);
}

const isWide = (resource: string): boolean => resource === "src" || resource === "src/*.ts";
const covers = (resource: string, path: string): boolean => resource === path || (isWide(resource) && path.startsWith("src"));

function isLocked(one: Said, other: Said): boolean {
  return one.resources.some((a) =>
    other.resources.some((b) => {
      if (a !== b || isWide(a)) return covers(a, b) || covers(b, a);
      const [ours = [], theirs = []] = [one.symbols[a], other.symbols[a]];
      return ours.length === 0 || theirs.length === 0 || ours.some((x) => theirs.some((y) => isShared(x, y)));
    }),
  );
}

it("takes an announcement exactly when it is apart from whatever others hold", () => {
  fc.assert(
    fc.property(fc.array(said, { minLength: 2, maxLength: 8 }), (all) => {
      const played = playWith(["ana", "bo", "cy"]);
      const standing = new Map<string, Said>();
      all.forEach((now, index) => {
        const stands = [...standing];
        const isFree = stands.every(([, other]) => other.who === now.who || !isLocked(now, other));

        const decision = played.says(now.who, "INTENT_ANNOUNCE", {
          intent_id: `i${index}`,
          scope: { ...files(...now.resources), extensions: { signalbox: { symbols: now.symbols } } },
          ...signalbox({ on_overlap: "block" }),
        });

        expect("accepted" in decision).toBe(isFree);
        if (!isFree) return;
        for (const [id, other] of stands) if (other.who === now.who && isLocked(now, other)) standing.delete(id);
        standing.set(`i${index}`, now);
        expect([...played.state.liveIntents].map(String).sort()).toEqual([...standing.keys()].sort());
      });
    }),
    { numRuns: 150 },
  );
});
