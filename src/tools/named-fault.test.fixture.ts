import type { JsonObject } from "../wire/json.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import type { Outcome } from "./ports/session.ts";

/** An error of a face, which the tools know by its name alone. */
export function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

export function refusal(code: RefusalCode, message: string, details?: JsonObject): Extract<Outcome<never>, { ok: false }> {
  return { ok: false, rejection: { code, message, ...(details === undefined ? {} : { details }) } };
}
