/**
 * What a session is, folded: who takes part, what they mean to do, what stands in whose way, what was done.
 *
 * Everything that is derived (the scope index, the deadlines, who owns what) is kept up by `evolve` beside the facts, so
 * that no decision walks through all intents.
 */
import type { ConflictId, IntentId, OpId, PrincipalId, SessionId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Host, Worktree } from "../../wire/mpac/extension.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { Revision } from "../../wire/record.ts";
import type { IntentEnd, SessionSettings } from "../../wire/session.ts";
import { createDeadlines, type Deadlines } from "../deadlines.ts";
import type { Resource } from "../scope/resource.ts";
import { createScopeIndex, type ScopeIndex } from "../scope/scope-index.ts";

/** How long what has ended stays in the state once nothing live refers to it, in milliseconds. */
export const REMEMBERED_MS = 24 * 60 * 60 * 1000;

/** Requests remembered for each principal. */
export const REMEMBERED_REQUESTS = 1000;

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
  status: string;
  summary: string | undefined;
  activeIntentId: string | undefined;
  /** When it joined, left, lapsed or came back last. */
  sinceMs: number;
  /** Its live intents. */
  readonly intents: Set<IntentId>;
  /** The last requests by id, oldest first. */
  readonly requests: Map<string, SettledRequest>;
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
  readonly announcedAtMs: number;
  readonly announcedAt: Revision;
  readonly contentHash: string;
  endReason: string | undefined;
  supersededBy: IntentId | undefined;
  /** Its operations, in the order they were committed. */
  readonly operations: OpId[];
  /** Open and acknowledged conflicts it is part of. */
  readonly conflicts: Set<ConflictId>;
}

export interface Operation {
  readonly id: OpId;
  readonly principal: PrincipalId;
  /** The intent that it belongs to: the one it named, if that was live then. */
  readonly intent: IntentId | undefined;
  readonly target: string;
  readonly tree: string;
  /** What its author had checked out then. */
  readonly branch: string | undefined;
  state: "COMMITTED" | "SUPERSEDED";
  readonly stateRefBefore: string | null;
  readonly stateRefAfter: string | null;
  readonly contentHash: string;
  readonly committedAt: Revision;
  readonly committedAtMs: number;
  /** Conflicts that are not settled and name it. */
  readonly conflicts: Set<ConflictId>;
}

export interface Conflict {
  readonly id: ConflictId;
  readonly category: string;
  readonly severity: string;
  readonly description: string;
  state: "OPEN" | "ACKED" | "DISMISSED";
  readonly intents: readonly IntentId[];
  readonly operations: readonly OpId[];
  readonly principals: readonly PrincipalId[];
  readonly openedAt: Revision;
  /** Who reported it; nobody when the coordinator found it. */
  readonly reporter: PrincipalId | undefined;
  readonly contentHash: string | undefined;
  readonly acknowledgements: Map<PrincipalId, string>;
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
  readonly intents: Map<IntentId, Intent>;
  readonly operations: Map<OpId, Operation>;
  readonly conflicts: Map<ConflictId, Conflict>;
  /** Conflicts that are open or acknowledged. */
  readonly liveConflicts: Set<ConflictId>;
  /** Live intents, of everybody. */
  readonly liveIntents: Set<IntentId>;
  /** Paths of the virtual tree that an operation has written, by comparison key. */
  readonly virtualTree: Map<string, Reference>;
  readonly index: ScopeIndex;
  /** Committed operations that are remembered, by what they changed. */
  readonly written: ScopeIndex;
  readonly deadlines: Deadlines;
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
    intents: new Map(),
    operations: new Map(),
    conflicts: new Map(),
    liveConflicts: new Set(),
    liveIntents: new Set(),
    virtualTree: new Map(),
    index: createScopeIndex(),
    written: createScopeIndex(),
    deadlines: createDeadlines(),
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

export function isLive(intent: Intent): boolean {
  return intent.state === "ACTIVE" || intent.state === "SUSPENDED";
}

export function isOpen(conflict: Conflict): boolean {
  return conflict.state !== "DISMISSED";
}
