/** What a session remembers of somebody who takes part, and which names are of one family. */
import type { ClaimId, DeferralId, IntentId, OpId, PrincipalId } from "../../../wire/ids.ts";
import type { Host, Worktree } from "../../../wire/mpac/extension.ts";
import type { SettledRequest } from "../../aggregate.ts";
import type { AgeingMap } from "../ageing-map.ts";

export interface Participant {
  readonly id: PrincipalId;
  type: string;
  instanceId: string;
  displayName: string;
  roles: readonly string[];
  worktree: Worktree | undefined;
  /** The program that runs it, where it said so. */
  host: Host | undefined;
  extended: boolean;
  presence: "available" | "unavailable" | "left";
  /** Whether its last connection went while it waited for its turn. */
  away: true | undefined;
  status: string;
  summary: string | undefined;
  activeIntentId: string | undefined;
  /** When it joined, left, lapsed or came back last. */
  sinceMs: number;
  /** Its live intents. */
  readonly intents: Set<IntentId>;
  /** Its operations that wait for their commit. */
  readonly proposals: Set<OpId>;
  /** Its deferrals that stand. */
  readonly deferrals: Set<DeferralId>;
  /** Its claims that are not decided. */
  readonly claims: Set<ClaimId>;
  /** The model it stands on, as it last said. */
  backend: { readonly modelId: string; readonly status: string } | undefined;
  /** The last requests by id, oldest first. */
  readonly requests: AgeingMap<string, SettledRequest>;
}

/** Whether it still is somebody: it has not said goodbye, or left work behind. */
export function isKnown(participant: Participant): boolean {
  return participant.presence !== "left" || participant.intents.size > 0;
}

/** `name#2` belongs to the family of `name`. */
export function familyOf(principal: string): string {
  return principal.replace(/#\d+$/, "");
}
