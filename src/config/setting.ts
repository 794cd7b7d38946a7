/** How one setting is read, and how it is said that it cannot be used. */
import * as z from "zod";

/** A setting that cannot be used. The message says what a right one looks like. */
export class BadConfig extends Error {
  override readonly name = "BadConfig";
  readonly code = "config/invalid";
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** An empty variable counts as unset. */
export const said = (value: string | undefined): string | undefined =>
  value === undefined || value.trim() === "" ? undefined : value.trim();

/** What stands between commas. */
export function listed(text = ""): string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

export function portIn(text: string | undefined, from: string): number | undefined {
  if (text === undefined) return undefined;
  const parsed = z.coerce.number().int().min(0).max(65_535).safeParse(text);
  if (!parsed.success) throw new BadConfig(`${from} is ${text}; a port is a whole number from 1 to 65535`);
  return parsed.data;
}
