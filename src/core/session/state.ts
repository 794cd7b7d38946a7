/**
 * What a session is, folded: who takes part, what they mean to do, what stands in whose way, what was done.
 *
 * Everything that is derived (the scope index, the deadlines, who owns what) is kept up by `evolve` beside the facts, so
 * that no decision walks through all intents.
 */
import type { BatchId, ClaimId, ConflictId, DeferralId, IntentId, OpId, PrincipalId, SessionId } from "../../wire/ids.ts";
import type { SessionSettings } from "../../wire/session/settings.ts";
import { createDeadlines, type Deadlines } from "../deadlines.ts";
import { createFootprintIndex, type FootprintIndex } from "../scope/footprint-index.ts";
import { createScopeIndex, type ScopeIndex } from "../scope/scope-index.ts";
import { AgeingMap } from "./ageing-map.ts";
import type { Backoff } from "./state/backoffs.ts";
import type { Claim } from "./state/claims.ts";
import type { Conflict } from "./state/conflicts.ts";
import type { Deferral } from "./state/deferrals.ts";
import type { Intent } from "./state/intents.ts";
import type { Batch, Operation, Reference } from "./state/operations.ts";
import { familyOf, type Participant } from "./state/participants.ts";
import { emptyTally, type Tally } from "./state/tally.ts";

/** How far a message's own time may be from the coordinator's where replays are kept out, in milliseconds (SPEC 23.1.2). */
export const REPLAY_WINDOW_MS = 300_000;

export interface SessionState {
  id: SessionId | undefined;
  epoch: number;
  settings: SessionSettings;
  /** The coordinator's Lamport clock: above every value that a message of this log has used. */
  clock: number;
  /** Events folded since the last `Settled`. */
  spread: number;
  /** The highest fencing token given so far. */
  fence: number;
  readonly participants: Map<PrincipalId, Participant>;
  /** Participants by the family of their names: `name`, `name#2` and so on. */
  readonly families: Map<string, Set<PrincipalId>>;
  /** The fingerprint of the credential that first joined under a family of names: the names stay its bearer's. */
  readonly credentials: Map<string, string>;
  /** When a message was recorded, by its id, oldest first, as long as it could be replayed; only where that is kept out. */
  readonly seenMessages: AgeingMap<string, number>;
  readonly intents: Map<IntentId, Intent>;
  readonly operations: Map<OpId, Operation>;
  readonly conflicts: Map<ConflictId, Conflict>;
  readonly deferrals: Map<DeferralId, Deferral>;
  /** Deferrals by what they observe, an intent or a principal, without those that wait to begin. */
  readonly observers: Map<string, Set<DeferralId>>;
  /** Announcements that wait to begin, by the intent that they announce. */
  readonly waiting: Map<IntentId, DeferralId>;
  /** The scopes of those. */
  readonly waitingIndex: FootprintIndex;
  readonly claims: Map<ClaimId, Claim>;
  /** Claims that are not decided, by the intent that is to take the place of the claimed one: its id is kept for them. */
  readonly keptIds: Map<IntentId, ClaimId>;
  readonly batches: Map<BatchId, Batch>;
  readonly backoffs: Map<PrincipalId, Backoff[]>;
  /** Conflicts whose scope is frozen. */
  readonly frozen: Set<ConflictId>;
  /** Conflicts that are not settled. */
  readonly liveConflicts: Set<ConflictId>;
  /** Live intents, of everybody. */
  readonly liveIntents: Set<IntentId>;
  /** Those of them that hold a pattern, by their owner. */
  readonly patterned: Map<PrincipalId, ReadonlySet<IntentId>>;
  /** Paths of the virtual tree that an operation has written, by comparison key. */
  readonly virtualTree: Map<string, Reference>;
  /** The scopes of live intents. */
  readonly index: FootprintIndex;
  /** Files that use what live intents change, as their owners said. */
  readonly impacts: ScopeIndex;
  /** Committed operations that are remembered, by what they changed. */
  readonly written: ScopeIndex;
  readonly deadlines: Deadlines;
  /** When the first record was made, milliseconds since 1970. */
  beganAtMs: number | undefined;
  /** Since when everything in it has been done, where it closes by itself. */
  quietSinceMs: number | undefined;
  /** Why the session has ended, once it has. */
  closed: string | undefined;
  closedAtMs: number | undefined;
  readonly tally: Tally;
}

export const DEFAULT_SETTINGS: SessionSettings = {
  profile: "open",
  race_lock: true,
  heartbeat_interval_sec: 30,
  unavailability_timeout_sec: 90,
  intent_ttl_sec: 300,
  fold_case: false,
  root: "",
};

export function initialState(): SessionState {
  return {
    id: undefined,
    epoch: 0,
    settings: DEFAULT_SETTINGS,
    clock: 0,
    spread: 0,
    fence: 0,
    participants: new Map(),
    families: new Map(),
    credentials: new Map(),
    seenMessages: new AgeingMap(),
    intents: new Map(),
    operations: new Map(),
    conflicts: new Map(),
    deferrals: new Map(),
    observers: new Map(),
    waiting: new Map(),
    waitingIndex: createFootprintIndex(),
    claims: new Map(),
    keptIds: new Map(),
    batches: new Map(),
    backoffs: new Map(),
    frozen: new Set(),
    liveConflicts: new Set(),
    liveIntents: new Set(),
    patterned: new Map(),
    virtualTree: new Map(),
    index: createFootprintIndex(),
    impacts: createScopeIndex(),
    written: createScopeIndex(),
    deadlines: createDeadlines(),
    beganAtMs: undefined,
    quietSinceMs: undefined,
    closed: undefined,
    closedAtMs: undefined,
    tally: emptyTally(),
  };
}

/** Everybody of the family of a name who is remembered. */
export function familyIn(state: Readonly<SessionState>, principal: string): Participant[] {
  return [...(state.families.get(familyOf(principal)) ?? [])].flatMap((id) => state.participants.get(id) ?? []);
}

/** Claims that are not decided, the earliest first. */
export function pendingClaims(state: Readonly<SessionState>): Claim[] {
  return [...state.keptIds.values()].flatMap((id) => state.claims.get(id) ?? []);
}

/** A principal's own live intents. */
export function liveIntentsOf(state: Readonly<SessionState>, principal: PrincipalId): Intent[] {
  const owned = state.participants.get(principal)?.intents ?? [];
  return [...owned].flatMap((id) => state.intents.get(id) ?? []);
}
