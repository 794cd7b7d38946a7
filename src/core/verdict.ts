/** What the rules of an aggregate answer before the record is closed: a refusal is a value, and so is that nothing is to be done. */
import type { JsonObject } from "../wire/json.ts";
import type { Revision } from "../wire/record.ts";
import type { RefusalCode, Rejection } from "../wire/refusals.ts";

export type VerdictOf<Event, Result> =
  | { readonly events: readonly Event[]; readonly result?: Result }
  | { readonly rejected: Rejection }
  | { readonly standing: { readonly revision: Revision; readonly result?: JsonObject } };

export function refuse(code: RefusalCode, message: string, details?: JsonObject): { readonly rejected: Rejection } {
  return { rejected: details === undefined ? { code, message } : { code, message, details } };
}

/** The command is right, and all that it asks for is so already. */
export const NOTHING_TO_DO = { standing: { revision: 0 } } as const;
