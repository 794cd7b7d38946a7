/** What names of participants are made of, on this side: the user's wish, or what git and the system call the user. */
import { userInfo } from "node:os";

/** Longest name that is made here; room is left for `#2` and for labels behind it. */
export const MAX_NAME = 200;

/** The coordinator speaks under this. */
const RESERVED = "service:coordinator";

/** Letters and digits of any script, `.`, `_` and `-`; everything else becomes one `-`. */
export function slug(text: string, most: number): string {
  const safe = text
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return cut(safe, most).replace(/[-.]+$/, "");
}

/** A name from the environment without what no name holds; undefined when nothing is left or it is the coordinator's. */
export function givenName(text: string | undefined): string | undefined {
  const name = cut((text ?? "").replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, "").trim(), MAX_NAME);
  return name === "" || name.startsWith(RESERVED) ? undefined : name;
}

/** At most `most` UTF-16 units, never half a character. */
export function cut(text: string, most: number): string {
  return text.slice(0, most).replace(/[\ud800-\udbff]$/, "");
}

/** As the system calls the user. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return ""; // a user id without a name, as in many containers
  }
}
