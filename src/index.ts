/** What a program that installs this package may use. A name that is not listed here may change with any release. */
export { VERSION } from "./version.ts";
export type { Actor, LogRecord, Revision, TaggedEvent } from "./wire/record.ts";
export type { Json, JsonObject } from "./wire/json.ts";
