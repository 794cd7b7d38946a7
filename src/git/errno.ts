/** What the system calls a failure: `ENOENT`, `ENOSPC` and so on, or `unknown` for an error that is not the system's. */
export function errnoOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : "unknown";
}
