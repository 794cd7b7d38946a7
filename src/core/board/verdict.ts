/** What the rules of a board are told, and what they answer before the record is closed by `Settled`. */
import type { BoardEvent, BoardResult } from "../../wire/board.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Moment } from "../aggregate.ts";
import type { VerdictOf } from "../verdict.ts";

/** What a decision of a board may be told. */
export type BoardFacts = JsonObject & {
  /** Hash of what the request says, where it has an id. */
  readonly contentHash?: string;
};

export type BoardMoment = Moment<BoardFacts>;

export type Verdict = VerdictOf<BoardEvent, BoardResult>;
