/** A scope that somebody may not announce again yet, because it was rejected there (SPEC 15.3.1). */
import type { Scope } from "../../../wire/mpac/messages.ts";

export interface Backoff {
  readonly scope: Scope;
  readonly retryAtMs: number;
  readonly times: number;
}
