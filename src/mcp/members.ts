/** How the members of a message are looked at before anybody has said what it is. */

export type Members = Readonly<Record<string, unknown>>;

export function isId(value: unknown): value is string | number {
  return typeof value === "string" || Number.isSafeInteger(value);
}

export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function hasOnly(members: Members, known: ReadonlySet<string>): boolean {
  for (const name in members) if (!known.has(name)) return false;
  return true;
}
