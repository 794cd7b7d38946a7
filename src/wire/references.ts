/**
 * When two references to a file's content mean the same content.
 *
 * Records hold `sha256:` and 64 hex digits over the bytes; MPAC clients write the first 16 digits. Both forms name the
 * same file, so a short one equals every long one that it begins.
 */

const PREFIX = "sha256:";
const SHORT_DIGITS = 16;
const STATE_REF = /^sha256:[0-9a-f]{16,64}$/;

/** The reference of nothing: of a file that is not there, and of one that is empty. */
export const EMPTY_REF = `${PREFIX}e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`;

/** Whether `text` is `sha256:` and 16 to 64 lower-case hex digits. */
export function isStateRef(text: unknown): text is string {
  return typeof text === "string" && STATE_REF.test(text);
}

/**
 * Two references of 16 digits or more are equal when the shorter digest begins the longer; anything else is compared
 * as text. What is null or absent equals nothing, itself included.
 */
export function refsEqual(a: string | null | undefined, b: string | null | undefined): boolean {
  if (typeof a !== "string" || typeof b !== "string") return false;
  if (!isStateRef(a) || !isStateRef(b)) return a === b;
  return a.length < b.length ? b.startsWith(a) : a.startsWith(b);
}

/** The form that MPAC clients use: the first 16 digits. What is no reference comes back as it is. */
export function shortRef(ref: string): string {
  return isStateRef(ref) ? ref.slice(0, PREFIX.length + SHORT_DIGITS) : ref;
}
