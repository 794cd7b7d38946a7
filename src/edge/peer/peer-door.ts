/** Whose token it is: those of the sidecar's own door, and those that were given out to peers alone (`PEERBUS_TOKENS`). */
import type { SessionId } from "../../wire/ids.ts";
import { ANY_SESSION } from "../../wire/credential-table.ts";
import type { TokenTable } from "../../wire/token-table.ts";
import { createDoor, type Door } from "../http/door.ts";

export interface Pass {
  readonly fingerprint: string;
  /** Whether this very token would still be let in. */
  readonly stands: () => boolean;
}

export interface PeerDoor {
  /** What a token that is known here is for that session. */
  admit(token: string, sessionId: string): Pass | undefined;
  /** Whether a token with that fingerprint would still be let in: it may have been given out in an earlier life. */
  stands(fingerprint: string, sessionId: string): boolean;
}

const OWN = "own";

const always = (): boolean => true;

/** @param tokens - of peers alone */
export function peerDoor(door: Door, tokens: readonly string[], own: string): PeerDoor {
  const table: TokenTable = Object.fromEntries(tokens.map((token) => [token, { allowed_sessions: [ANY_SESSION as SessionId] }]));
  const doors = [door, ...(tokens.length === 0 ? [] : [createDoor({ table, own })])];
  return {
    admit(token, sessionId) {
      for (const one of doors) {
        const admission = one.admit({ value: token }, sessionId);
        if ("refused" in admission) continue;
        const { admitted, stands = always } = admission;
        return { fingerprint: admitted === "own" ? OWN : admitted.fingerprint, stands };
      }
      return undefined;
    },
    stands: (fingerprint, sessionId) => fingerprint === OWN || doors.some((one) => one.knows(fingerprint, sessionId)),
  };
}
