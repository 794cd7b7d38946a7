/** What a conflict is: whom and what it is about, how far it has come, and until when it is unsettled (SPEC 17.8, 18). */
import type { ConflictId, IntentId, OpId, PrincipalId } from "../../../wire/ids.ts";
import type { JsonObject } from "../../../wire/json.ts";
import type { Revision } from "../../../wire/record.ts";
import type { SessionEventOf } from "../../../wire/session.ts";

export interface Conflict {
  readonly id: ConflictId;
  readonly category: string;
  readonly severity: string;
  /** By what it was found, when that is unsure: it is told, and nothing comes of it by itself. */
  readonly basis: SessionEventOf<"ConflictOpened">["basis"];
  readonly description: string;
  state: "OPEN" | "ACKED" | "ESCALATED" | "CLOSED" | "DISMISSED";
  readonly intents: readonly IntentId[];
  readonly operations: readonly OpId[];
  readonly principals: readonly PrincipalId[];
  readonly openedAt: Revision;
  readonly openedAtMs: number;
  /** Whose word decides since it was escalated. */
  escalatedTo: string | undefined;
  /** Since when nobody resolved it in time, and how far that has gone (SPEC 18.6.2.1). */
  frozen: { readonly sinceMs: number; readonly phase: number; readonly favoured: IntentId | undefined } | undefined;
  /** Whether a part of it was frozen for another conflict when it came about: it freezes nothing itself. */
  underFreeze: boolean;
  /** When the coordinator goes on with it by itself, while nobody has resolved it. */
  dueAtMs: number | undefined;
  /** How it was resolved, once it was. */
  resolution: { readonly id: string; readonly decision: string; readonly by: string | undefined } | undefined;
  /** Which files of one side use what the other changes. */
  readonly dependency: JsonObject | undefined;
  /** Who reported it; nobody when the coordinator found it. */
  readonly reporter: PrincipalId | undefined;
  readonly contentHash: string | undefined;
  readonly acknowledgements: Map<PrincipalId, string>;
}

export function isOpen(conflict: Conflict): boolean {
  return conflict.state !== "DISMISSED" && conflict.state !== "CLOSED";
}
