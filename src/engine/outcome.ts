/** What becomes of a command, as its sender is told. */
import { StoreGone, StoreUnsynced } from "../store/errors.ts";
import type { JsonObject } from "../wire/json.ts";
import type { LogRecord, Revision } from "../wire/record.ts";
import type { Rejection } from "../wire/refusals.ts";
import type { Decided } from "./stream-fold.ts";

export type Outcome =
  | { readonly ok: true; readonly revision: Revision; readonly record?: LogRecord; readonly result?: JsonObject }
  | { readonly ok: false; readonly rejection: Rejection };

export const UNAVAILABLE: Rejection = {
  code: "store/unavailable",
  message: "the log cannot be written now (is the disk full?); nothing was changed, try again when it can",
};
const GONE: Rejection = {
  code: "store/unavailable",
  message: "the log was removed or replaced, and this sidecar ends; nothing was changed, make the call again",
};
const UNSYNCED: Rejection = {
  code: "store/unavailable",
  message: "the disk has not confirmed what was written, and this sidecar ends; look whether it was done before you make the call again",
};
export const CLOSING: Rejection = {
  code: "store/unavailable",
  message: "the session is being closed here; nothing was changed, connect again",
};
export const CONTENDED: Rejection = {
  code: "store/contended",
  message: "other writers were faster five times over; nothing was changed, try again",
};

/** What stands without a record of its own is as of the head. */
export function outcomeOf({ decision, sealed }: Decided, head: Revision): Outcome {
  if ("rejected" in decision) return { ok: false, rejection: decision.rejected };
  if ("standing" in decision) return { ok: true, ...decision.standing, revision: decision.standing.revision || head };
  const { record } = sealed as NonNullable<Decided["sealed"]>;
  const result = (record.events.at(-1) as { readonly result?: JsonObject } | undefined)?.result;
  return { ok: true, revision: record.revision, record, ...(result === undefined ? {} : { result }) };
}

/** How it is said that the store does not take records, by what it failed with. */
export function rejectionOf(failure: Error): Rejection {
  if (failure instanceof StoreGone) return GONE;
  return failure instanceof StoreUnsynced ? UNSYNCED : UNAVAILABLE;
}
