import { describe, expect, it } from "vitest";
import { board } from "../core/board/board.ts";
import { BoardEvent } from "../wire/board.ts";
import { type SessionId, streamOf } from "../wire/ids.ts";
import { type LogRecord, RECORD_FORMAT, RULES } from "../wire/record.ts";
import { REFUSALS } from "../wire/refusals.ts";
import { foldBoard, keptBoards, sayingOfBoard } from "./golden-board.test.fixture.ts";
import { PRESENT_RELEASE } from "./golden.test.fixture.ts";
import { momentOf } from "./moment.ts";
import { redecide } from "./redecide.ts";
import { BEFORE_FIRST, unseal } from "./seal.ts";

const STREAM = streamOf("golden" as SessionId, "board");

function recordsOf(texts: readonly string[]): LogRecord[] {
  const records: LogRecord[] = [];
  for (const [index, text] of texts.entries()) records.push(unseal(STREAM, { revision: index + 1, text }, records.at(-1) ?? BEFORE_FIRST));
  return records;
}

const kept = keptBoards();

describe.each(kept)("the board of $name", ({ texts, state, refusals }) => {
  it("is whole, folds into the state that it folded into then, and is decided once more the same", () => {
    const records = recordsOf(texts);

    expect(sayingOfBoard(foldBoard(records))).toMatchObject(state as object);
    expect(() => redecide(board, records)).not.toThrow();
  });

  it.runIf(recordsOf(texts).every(({ rules }) => rules === RULES))("is refused the same again", () => {
    const records = recordsOf(texts);

    const again = refusals.map(({ after, atMs, facts, command }) => {
      const decision = board.decide(foldBoard(records.slice(0, after)), command, momentOf({ atMs, seed: "again", facts }));
      return "rejected" in decision ? decision.rejected.code : "not refused";
    });

    expect(again).toEqual(refusals.map(({ code }) => code));
  });
});

describe("the board of this release", () => {
  const present = kept.find(({ name }) => name === PRESENT_RELEASE);
  const records = recordsOf(present?.texts ?? []);
  const events = records.flatMap((record) => record.events as readonly BoardEvent[]);

  it("is kept, in today's format and by today's rules: if it is not, `npm run golden` writes it", () => {
    expect(new Set(records.map(({ format, rules }) => `format ${format}, rules ${rules}`))).toEqual(
      new Set([`format ${RECORD_FORMAT}, rules ${RULES}`]),
    );
  });

  it.each(BoardEvent.options.map(({ shape }) => [shape.type.value, Object.keys(shape)] as const))(
    "holds %s with every member that it may have",
    (type, members) => {
      const seen = new Set(events.filter((event) => event.type === type).flatMap((event) => Object.keys(event)));

      expect(members.filter((member) => !seen.has(member))).toEqual([]);
    },
  );

  it("is refused in every way there is", () => {
    const codes = new Set(present?.refusals.map(({ code }) => code));
    const ofBoards = Object.keys(REFUSALS).filter((code) => /^(lane|board)\//.test(code) || code === "request/other-content");

    expect(ofBoards.filter((code) => !codes.has(code))).toEqual([]);
  });
});
