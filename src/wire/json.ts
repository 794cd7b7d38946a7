/** What JSON can say: the type of everything that is recorded or sent, and how what came is looked at before its shape is known. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json | undefined };
export type JsonObject = { readonly [member: string]: Json | undefined };

/** Of what JSON says. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The members of an object; none of anything else. */
export const membersIn = (value: unknown): JsonObject => (isObject(value) ? value : {});
