/**
 * What a session is, folded: who takes part, what they mean to do, what stands in whose way, what was done.
 *
 * Everything that is derived (the scope index, the deadlines, who owns what) is kept up by `evolve` beside the facts, so
 * that no decision walks through all intents.
 */
import type { BatchId, ClaimId, ConflictId, DeferralId, IntentId, OpId, PrincipalId, SessionId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Host, Worktree } from "../../wire/mpac/extension.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { Revision } from "../../wire/record.ts";
import type { IntentEnd, SessionEventOf, SessionSettings } from "../../wire/session.ts";
import { createDeadlines, type Deadlines } from "../deadlines.ts";
import type { Resource } from "../scope/resource.ts";
import { createFootprintIndex, type FootprintIndex } from "../scope/footprint-index.ts";
import { createScopeIndex, type ScopeIndex } from "../scope/scope-index.ts";
import { AgeingMap } from "./ageing-map.ts";

/** How long what has ended stays in the state once nothing live refers to it, in milliseconds. */
export const REMEMBERED_MS = 24 * 60 * 60 * 1000;

/** Requests remembered for each principal. */
export const REMEMBERED_REQUESTS = 1000;

/** How far a message's own time may be from the coordinator's where replays are kept out, in milliseconds (SPEC 23.1.2). */
export const REPLAY_WINDOW_MS = 300_000;

/** Names of which it is remembered whose credential they belong to. */
export const REMEMBERED_CREDENTIALS = 10_000;

/** The tree that clients without a worktree of their own share. */
export const VIRTUAL_TREE = "virtual";

export type Presence = "available" | "unavailable" | "left";

export interface SettledRequest {
  readonly revision: Revision;
  readonly contentHash: string;
  readonly result: JsonObject | undefined;
}

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
  presence: Presence;
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
  readonly renews: boolean;
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

export interface Operation {
  readonly id: OpId;
  readonly principal: PrincipalId;
  /** The intent that it belongs to: the one it named, if that was live then. */
  readonly intent: IntentId | undefined;
  readonly target: string;
  readonly tree: string;
  /** What its author had checked out then. */
  branch: string | undefined;
  state: "PROPOSED" | "FROZEN" | "COMMITTED" | "REJECTED" | "ABANDONED" | "SUPERSEDED";
  /** Who allowed it to be carried out, where the session asks for that first (SPEC 7.8). */
  authorizedBy: string | undefined;
  readonly batch: BatchId | undefined;
  /** Of a proposal as it was announced; what its commit says replaces them. */
  stateRefBefore: string | null;
  stateRefAfter: string | null;
  readonly contentHash: string;
  /** What its commit said, where it was proposed first. */
  completionHash: string | undefined;
  /** When it was proposed, or committed at once. */
  readonly receivedAt: Revision;
  committedAt: Revision;
  committedAtMs: number;
  /** Conflicts that are not settled and name it. */
  conflicts: ReadonlySet<ConflictId>;
}

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

/** Somebody waits for others to be done (SPEC 15.5.1): it locks nothing and blocks nobody. */
export interface Deferral {
  readonly id: DeferralId;
  readonly principal: PrincipalId;
  readonly scope: Scope;
  resources: readonly Resource[];
  readonly category: string;
  readonly reason: string | undefined;
  readonly observedIntents: readonly string[];
  readonly observedPrincipals: readonly string[];
  expiresAtMs: number;
  /** When it was first asked for. */
  readonly deferredAtMs: number;
  readonly deferredAt: Revision;
  /** The announcement that begins by itself once nobody is in its way. */
  readonly waiting: SessionEventOf<"IntentDeferred">["waiting"];
}

/** Somebody asked for the suspended work of another (SPEC 14.7.4). */
export interface Claim {
  readonly id: ClaimId;
  readonly intent: IntentId;
  readonly principal: PrincipalId;
  readonly newIntent: IntentId;
  readonly objective: string;
  readonly scope: Scope;
  /** When it is approved by itself. */
  dueAtMs: number | undefined;
  readonly contentHash: string;
  readonly openedAt: Revision;
  readonly openedAtMs: number;
  state: "PENDING" | "APPROVED" | "REJECTED" | "WITHDRAWN";
}

/** Operations that go together (SPEC 16.8). */
export interface Batch {
  readonly id: BatchId;
  readonly principal: PrincipalId;
  readonly intent: IntentId | undefined;
  readonly atomicity: "all_or_nothing" | "best_effort";
  readonly operations: readonly OpId[];
  readonly contentHash: string;
  readonly openedAt: Revision;
}

/** A scope that somebody may not announce again yet, because it was rejected there (SPEC 15.3.1). */
export interface Backoff {
  readonly scope: Scope;
  readonly retryAtMs: number;
  readonly times: number;
}

/** What the session has seen, for the summary at its end (SPEC 9.6.2). */
export interface Tally {
  intents: number;
  completed: number;
  expired: number;
  withdrawn: number;
  operations: number;
  committed: number;
  rejected: number;
  abandoned: number;
  conflicts: number;
  resolved: number;
  participants: number;
}

/** The state of one path of the virtual tree. */
export interface Reference {
  readonly stateRef: string | null;
  readonly blob: string | undefined;
  readonly by: PrincipalId;
}

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
    tally: {
      intents: 0,
      completed: 0,
      expired: 0,
      withdrawn: 0,
      operations: 0,
      committed: 0,
      rejected: 0,
      abandoned: 0,
      conflicts: 0,
      resolved: 0,
      participants: 0,
    },
  };
}

/** `name#2` belongs to the family of `name`. */
export function familyOf(principal: string): string {
  return principal.replace(/#\d+$/, "");
}

/** Everybody of the family of a name who is remembered. */
export function familyIn(state: Readonly<SessionState>, principal: string): Participant[] {
  return [...(state.families.get(familyOf(principal)) ?? [])].flatMap((id) => state.participants.get(id) ?? []);
}

/** Whether it still is somebody: it has not said goodbye, or left work behind. */
export function isKnown(participant: Participant): boolean {
  return participant.presence !== "left" || participant.intents.size > 0;
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

export function isLive(intent: Intent): boolean {
  return intent.state === "ACTIVE" || intent.state === "SUSPENDED";
}

export function isOpen(conflict: Conflict): boolean {
  return conflict.state !== "DISMISSED" && conflict.state !== "CLOSED";
}

/** Whether it was carried out and counts, or may still be carried out. */
export function isStanding(operation: Operation): boolean {
  return operation.state === "COMMITTED" || isPending(operation);
}

/** Whether it waits for its commit. */
export function isPending(operation: Operation): boolean {
  return operation.state === "PROPOSED" || operation.state === "FROZEN";
}
