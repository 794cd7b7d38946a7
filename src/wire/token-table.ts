/**
 * `MPAC_TOKEN_TABLE`: which bearer may join which sessions, and with which roles.
 *
 * What is said about a table that cannot be used names its entries by their place: a sentence that quotes one would put a
 * token into a log.
 */
import * as z from "zod";
import { SessionId } from "./ids.ts";

/** Stands for every session. */
export const ANY_SESSION = "*";

const Entry = z.strictObject({
  /** Session ids as they stand in the URL, or `*`. */
  allowed_sessions: z
    .array(SessionId)
    .min(1, `it names no session, so its bearers could join none; name some, or "${ANY_SESSION}" for all`),
  /** What its bearers are, whatever they ask for; without it the session's role policy decides. */
  roles: z.array(z.string().min(1).max(128)).max(64).optional(),
  /** Who holds it: tokens of one holder count as one, so that a token can be changed and the names stay. */
  holder: z.string().min(1).max(128).optional(),
});

/** By token. */
export type TokenTable = Readonly<Record<string, z.infer<typeof Entry>>>;

/** The table, or a sentence that says what is wrong with it. */
export function readTokenTable(text: string): { readonly table: TokenTable } | { readonly flaw: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { flaw: "it is not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { flaw: "it is not a JSON object" };
  const entries = Object.entries(value);
  if (entries.length === 0) return { flaw: "it has no entry, so nobody could join" };
  const table: Record<string, z.infer<typeof Entry>> = Object.create(null) as Record<string, never>;
  for (const [index, [token, entry]] of entries.entries()) {
    if (token.trim() !== token || token === "") return { flaw: `the token of entry ${index + 1} is empty or has spaces around it` };
    const read = Entry.safeParse(entry);
    if (!read.success) return { flaw: `entry ${index + 1}: ${flawOf(read.error)}` };
    table[token] = read.data;
  }
  return { table };
}

/** An unknown member is not named: it may be a token that stands one level too deep. */
function flawOf({ issues: [issue] }: z.ZodError): string {
  if (issue === undefined || issue.code === "unrecognized_keys") return "it may have allowed_sessions, roles and holder, and nothing else";
  const place = issue.path.map(String).join(".");
  return place === "" ? "it is not an object with allowed_sessions and roles" : `${place}: ${issue.message}`;
}
