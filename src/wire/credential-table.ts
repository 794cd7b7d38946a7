/**
 * What the tables of tokens and of keys have in common: an entry for each credential, which opens sessions and may say with which
 * roles and whose it is.
 *
 * What is said about a table that cannot be used names its entries by their place: a sentence that quotes one would put a
 * credential into a log.
 */
import * as z from "zod";
import { SessionId } from "./ids.ts";

/** Stands for every session. */
export const ANY_SESSION = "*";

/** @param opensNone - what is so of a credential whose entry names no session */
export const grantOf = (opensNone: string) => ({
  /** Session ids as they stand in the URL, or `*`. */
  allowed_sessions: z.array(SessionId).min(1, `it names no session, so ${opensNone}; name some, or "${ANY_SESSION}" for all`),
  /** What its bearers are, whatever they ask for; without it the session's role policy decides. */
  roles: z.array(z.string().min(1).max(128)).max(64).optional(),
  /** Who holds it: credentials of one holder count as one, so that one can be changed and the names stay. */
  holder: z.string().min(1).max(128).optional(),
});

export interface Shape<Entry extends z.ZodType> {
  readonly entry: Entry;
  /** What nobody could do with an empty table. */
  readonly use: string;
  /** What is wrong with the name that an entry stands under; it quotes nothing of it. */
  readonly nameFlaw: (name: string, place: number) => string | undefined;
  /** The members that an entry may have, and those without which it is none. */
  readonly members: string;
  readonly needed: string;
}

/** The table, or a sentence that says what is wrong with it. */
export function readTable<Entry extends z.ZodType>(
  text: string,
  { entry: shape, use, nameFlaw, members, needed }: Shape<Entry>,
): { readonly table: Readonly<Record<string, z.infer<Entry>>> } | { readonly flaw: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { flaw: "it is not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { flaw: "it is not a JSON object" };
  const entries = Object.entries(value);
  if (entries.length === 0) return { flaw: `it has no entry, so nobody could ${use}` };
  const table: Record<string, z.infer<Entry>> = Object.create(null) as Record<string, never>;
  for (const [index, [name, entry]] of entries.entries()) {
    const misnamed = nameFlaw(name, index + 1);
    if (misnamed !== undefined) return { flaw: misnamed };
    const read = shape.safeParse(entry);
    if (!read.success) return { flaw: `entry ${index + 1}: ${flawOf(read.error)}` };
    table[name] = read.data;
  }
  return { table };

  /** An unknown member is not named: it may be a credential that stands one level too deep. */
  function flawOf({ issues: [issue] }: z.ZodError): string {
    if (issue === undefined || issue.code === "unrecognized_keys") return `it may have ${members}, and nothing else`;
    const place = issue.path.map(String).join(".");
    return place === "" ? `it is not an object with ${needed}` : `${place}: ${issue.message}`;
  }
}
