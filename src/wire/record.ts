/**
 * What one line of a log holds.
 *
 * Events are the truth and a command is evidence: state folds events alone, and the command stands beside them so that
 * a message can be relayed, audited and decided once more.
 */
import * as z from "zod";
import type { Hash } from "./ids.ts";
import type { Json, JsonObject } from "./json.ts";

/** Rises with every new event type or meaning; a log of a higher format is not served. */
export const RECORD_FORMAT = 2;

/** Rises with every change of a decision; streams are decided again only within one number. */
export const RULES = 3;

/** The number of records in a stream: dense, 0 when it is empty. */
export type Revision = number;

/** Who asked, as the edge saw it. Never a credential. */
export interface Actor {
  readonly principal: string;
  readonly roles?: readonly string[];
  /** Short fingerprint of the credential that was presented, where there was one. */
  readonly fingerprint?: string;
  /** How the principal is known: by its own word, by a token, by the machine itself. */
  readonly verified: "asserted" | "token" | "self";
}

/** The engine's own hand: deadlines, presence, epochs. */
export const SELF: Actor = { principal: "service:coordinator", verified: "self" };

export interface TaggedEvent {
  readonly type: string;
}

export interface LogRecord {
  readonly format: number;
  readonly rules: number;
  readonly revision: Revision;
  /** Milliseconds since 1970, never less than the record before. */
  readonly atMs: number;
  /** What the decision drew its ids from. */
  readonly seed: string;
  /** What the decision was told beyond time and seed. */
  readonly facts: JsonObject;
  readonly actor: Actor;
  /** The process that decided. */
  readonly node: string;
  readonly command: Json;
  readonly events: readonly TaggedEvent[];
  /** Hash of the record before; 64 zeros before the first. */
  readonly prevHash: Hash;
  /** SHA-256 of this record without `hash`, by RFC 8785. */
  readonly hash: Hash;
}

export const FIRST_PREV_HASH = "0".repeat(64) as Hash;

const Hex = z.string().regex(/^[0-9a-f]{64}$/);

/** Checks the frame of a stored record; its events are checked against their own schemas by their aggregate. */
export const LogRecordSchema = z.looseObject({
  format: z.int().min(1),
  rules: z.int().min(1),
  revision: z.int().min(1),
  atMs: z.int().min(0),
  seed: z.string(),
  facts: z.looseObject({}),
  actor: z.looseObject({ principal: z.string(), verified: z.enum(["asserted", "token", "self"]) }),
  node: z.string(),
  command: z.json(),
  events: z.array(z.looseObject({ type: z.string() })).min(1),
  prevHash: Hex,
  hash: Hex,
});
