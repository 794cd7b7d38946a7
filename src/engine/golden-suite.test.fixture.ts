/** What holds for the golden streams of an aggregate, those of releases that are out and that of the present one. */
import { describe, expect, it } from "vitest";
import { streamOf } from "../wire/ids.ts";
import type { JsonObject } from "../wire/json.ts";
import { type LogRecord, RECORD_FORMAT, RULES, type TaggedEvent } from "../wire/record.ts";
import { REFUSALS } from "../wire/refusals.ts";
import { foldWith, type Golden, GOLDEN_SESSION, type Refused } from "./golden-stage.test.fixture.ts";
import { keptStreams, PRESENT_RELEASE } from "./golden.test.fixture.ts";
import { momentOf } from "./moment.ts";
import { redecide } from "./redecide.ts";
import { BEFORE_FIRST, unseal } from "./seal.ts";

interface Everything {
  /** Each event that there is, with the members that it may have. */
  readonly events: readonly { readonly shape: { readonly type: { readonly value: string } } }[];
  /** Codes that this aggregate refuses with. */
  readonly refuses: (code: string) => boolean;
}

export function judgeGolden<State, Command, Event extends TaggedEvent, Facts extends JsonObject>(
  { aggregate, folder, sayingOf }: Golden<State, Command, Event, Facts>,
  { events, refuses }: Everything,
): void {
  const stream = streamOf(GOLDEN_SESSION, aggregate.name);
  const recordsOf = (texts: readonly string[]): LogRecord[] => {
    const records: LogRecord[] = [];
    for (const [index, text] of texts.entries())
      records.push(unseal(stream, { revision: index + 1, text }, records.at(-1) ?? BEFORE_FIRST));
    return records;
  };
  const kept = keptStreams(folder).map(({ refusals, ...rest }) => ({
    ...rest,
    refusals: refusals as unknown as readonly Refused<Command, Facts>[],
  }));

  describe.each(kept)(`the ${aggregate.name} of $name`, ({ texts, state, refusals }) => {
    it("is whole, folds into the state that it folded into then, and is decided once more the same", () => {
      const records = recordsOf(texts);

      expect(sayingOf(foldWith(aggregate, records))).toMatchObject(state as object);
      expect(() => redecide(aggregate, records)).not.toThrow();
    });

    it.runIf(recordsOf(texts).every(({ rules }) => rules === RULES))("is refused the same again", () => {
      const records = recordsOf(texts);

      const again = refusals.map(({ after, atMs, facts, command }) => {
        const state = foldWith(aggregate, records.slice(0, after));
        const decision = aggregate.decide(state, command, momentOf({ atMs, seed: "again", facts }));
        return "rejected" in decision ? decision.rejected.code : "not refused";
      });

      expect(again).toEqual(refusals.map(({ code }) => code));
    });
  });

  describe(`the ${aggregate.name} of this release`, () => {
    const present = kept.find(({ name }) => name === PRESENT_RELEASE);
    const records = recordsOf(present?.texts ?? []);
    const recorded = records.flatMap((record) => record.events);

    it("is kept, in today's format and by today's rules: if it is not, `npm run golden` writes it", () => {
      expect(new Set(records.map(({ format, rules }) => `format ${format}, rules ${rules}`))).toEqual(
        new Set([`format ${RECORD_FORMAT}, rules ${RULES}`]),
      );
    });

    it.each(events.map(({ shape }) => [shape.type.value, Object.keys(shape)] as const))(
      "holds %s with every member that it may have",
      (type, members) => {
        const seen = new Set(recorded.filter((event) => event.type === type).flatMap((event) => Object.keys(event)));

        expect(members.filter((member) => !seen.has(member))).toEqual([]);
      },
    );

    it("is refused in every way there is", () => {
      const codes = new Set(present?.refusals.map(({ code }) => code));

      expect(Object.keys(REFUSALS).filter((code) => refuses(code) && !codes.has(code))).toEqual([]);
    });
  });
}
