/** Whose token it is: those of the sidecar's own door, and those that were given out to peers alone (`PEERBUS_TOKENS`). */
import type { SessionId } from "../../wire/ids.ts";
import { ANY_SESSION } from "../../wire/credential-table.ts";
import type { TokenTable } from "../../wire/token-table.ts";
import { createDoor, type Door } from "../http/door.ts";

export interface PeerDoor {
  /** The fingerprint of a token that is known here for that session. */
  admit(token: string, sessionId: string): string | undefined;
  /** Whether a token with that fingerprint would still be let in. */
  stands(fingerprint: string, sessionId: string): boolean;
}

const OWN = "own";

/** @param tokens - of peers alone */
export function peerDoor(door: Door, tokens: readonly string[], own: string): PeerDoor {
  const table: TokenTable = Object.fromEntries(tokens.map((token) => [token, { allowed_sessions: [ANY_SESSION as SessionId] }]));
  const doors = [door, ...(tokens.length === 0 ? [] : [createDoor({ table, own })])];
  return {
    admit(token, sessionId) {
      for (const one of doors) {
        const admission = one.admit({ value: token }, sessionId);
        if ("admitted" in admission) return admission.admitted === "own" ? OWN : admission.admitted.fingerprint;
      }
      return undefined;
    },
    stands: (fingerprint, sessionId) => fingerprint === OWN || doors.some((one) => one.knows(fingerprint, sessionId)),
  };
}
