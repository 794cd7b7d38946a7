/**
 * Tells the session when nobody is there any more under a name that has not said goodbye: whoever waits for its turn there is
 * passed over until it is back, and is not given what nobody would work on until its silence is noticed.
 */
import type { SessionCommand } from "../../core/session/session.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { SessionFacts } from "../../core/session/verdict.ts";
import type { StreamHost } from "../../engine/stream-host.ts";
import { SELF } from "../../wire/record.ts";

export interface Absences {
  /** A connection or a seat under this name is gone, or none came of one that was about to be. */
  note(principal: string): void;
}

/** @param isThere - whether there is one that stands, or is about to: when nothing comes of that one, it is noted again */
export function createAbsences(
  host: Pick<StreamHost<SessionState, SessionCommand, SessionFacts>, "submit">,
  isThere: (principal: string) => boolean,
): Absences {
  return {
    note(principal) {
      if (isThere(principal)) return;
      host.submit({ command: { type: "ConnectionLost", principal }, actor: SELF }, () => undefined);
    },
  };
}
