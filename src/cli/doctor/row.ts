/** One finding of `doctor`. */

export interface Row {
  /** One or two words. */
  readonly check: string;
  /** `fail` is what a session cannot work with, `warn` what a person will want to know. */
  readonly state: "ok" | "warn" | "fail";
  readonly found: string;
  /** What to do about it. */
  readonly todo?: string;
}

export function ok(check: string, found: string): Row {
  return { check, state: "ok", found };
}

export function warn(check: string, found: string, todo?: string): Row {
  return { check, state: "warn", found, ...(todo === undefined ? {} : { todo }) };
}

export function fail(check: string, found: string, todo?: string): Row {
  return { check, state: "fail", found, ...(todo === undefined ? {} : { todo }) };
}
