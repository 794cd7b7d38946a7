/** What an intent is from its announcement until it is forgotten, and which states are those of a live one (SPEC 15.6). */
import type { ClaimId, ConflictId, IntentId, OpId, PrincipalId } from "../../../wire/ids.ts";
import type { Scope } from "../../../wire/mpac/messages.ts";
import type { Revision } from "../../../wire/record.ts";
import type { IntentEnd } from "../../../wire/session/intents.ts";
import type { Resource } from "../../scope/resource.ts";

export type LiveState = "ACTIVE" | "SUSPENDED";

export interface Intent {
  readonly id: IntentId;
  readonly principal: PrincipalId;
  state: LiveState | IntentEnd;
  objective: string;
  scope: Scope;
  resources: readonly Resource[];
  fence: number;
  ttlSec: number;
  expiresAtMs: number;
  /** Whether its owner renews it while there is work. */
  renews: boolean;
  readonly priority: string;
  readonly announcedAtMs: number;
  readonly announcedAt: Revision;
  readonly contentHash: string;
  endReason: string | undefined;
  supersededBy: IntentId | undefined;
  /** Its operations, in the order they were committed. */
  readonly operations: OpId[];
  /** Operations of anybody that name it and wait for their commit. */
  proposals: ReadonlySet<OpId>;
  /** The claim on it that is not decided. */
  claim: ClaimId | undefined;
  /** Conflicts that are not settled and it is part of. */
  conflicts: ReadonlySet<ConflictId>;
}

export function isLive(intent: Intent): boolean {
  return intent.state === "ACTIVE" || intent.state === "SUSPENDED";
}
