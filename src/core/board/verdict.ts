/** What the rules of one command answer, before the record is closed by `Settled`. */
import type { BoardEvent, BoardResult } from "../../wire/board.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { RefusalCode, Rejection } from "../../wire/refusals.ts";
import type { Revision } from "../../wire/record.ts";
import type { Moment } from "../aggregate.ts";

/** What a decision of a board may be told. */
export type BoardFacts = JsonObject & {
  /** Hash of what the request says, where it has an id. */
  readonly contentHash?: string;
};

export type BoardMoment = Moment<BoardFacts>;

export type Verdict =
  | { readonly events: readonly BoardEvent[]; readonly result?: BoardResult }
  | { readonly rejected: Rejection }
  | { readonly standing: { readonly revision: Revision; readonly result?: JsonObject } };

export function refuse(code: RefusalCode, message: string, details?: JsonObject): { readonly rejected: Rejection } {
  return { rejected: details === undefined ? { code, message } : { code, message, details } };
}

/** There was nothing to do. */
export const NOTHING: Verdict = { standing: { revision: 0 } };
