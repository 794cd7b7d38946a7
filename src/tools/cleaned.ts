/** What somebody else's JSON may bring into a result. */
import type { Json } from "../wire/json.ts";
import { plain } from "./quote.ts";

export interface Most {
  /** Of a text, by the name of its member; no limit by default. */
  readonly characters?: (member: string) => number;
  /** Of a list. */
  readonly items?: number;
}

const UNLIMITED = Number.POSITIVE_INFINITY;

/** The same, with no text in it, and no name of a member, that drives a terminal or outgrows a result. */
export function cleaned(value: Json | undefined, most: Most = {}, member = ""): Json {
  const { characters = () => UNLIMITED, items = UNLIMITED } = most;
  if (typeof value === "string") return plain(value, characters(member));
  if (Array.isArray(value)) return value.slice(0, items).map((item: Json) => cleaned(item, most));
  if (typeof value !== "object" || value === null) return value ?? null;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [plain(name, characters("")), cleaned(inner as Json, most, name)]),
  );
}
