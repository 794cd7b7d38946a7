/**
 * The session that decides, as one principal speaks with it.
 *
 * The bridge gives it over WebSocket; the sidecar's own MCP face gives it in process.
 */
import type { JsonObject } from "../../wire/json.ts";
import type { Priority } from "../../wire/priorities.ts";
import type { IntentAnswer, OverlapAnswer, SummaryAnswer } from "../../wire/query.ts";
import type { BehindView } from "../../wire/query/views.ts";
import type { Rejection } from "../../wire/refusals.ts";

/** Where a tool call takes place and who makes it. */
export interface Membership {
  readonly workspaceDir: string;
  readonly sessionId: string;
  readonly sidecarUri: string;
  readonly principalId: string;
  /** Sentences that the next tool result carries: a sidecar that was restarted, a submit that was finished after a crash. */
  takeNotices(): readonly string[];
}

/** What became of a command that was answered. */
export type Outcome<Result> = { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly rejection: Rejection };

/**
 * The id by which the session recognises a repeat of a command: the same id by the same principal with the same content gets
 * the first outcome again, with other content it is refused (`request/other-content`). On the wire it is
 * `payload.extensions.signalbox.request_id`. Who gives none sends each command once.
 */
export interface Repeatable {
  readonly requestId?: string | undefined;
}

export interface Announcement {
  readonly intentId: string;
  readonly objective: string;
  readonly files: readonly string[];
  readonly onOverlap: OnOverlap;
  readonly ttlSec: number;
  /** Whether it lives on while its owner works; else it ends with its time. */
  readonly renews: boolean;
  readonly requestId: string;
  readonly priority?: Priority;
  /** What of each file it changes, where that narrows it: names of functions, classes, keys. */
  readonly symbols?: Readonly<Record<string, readonly string[]>>;
  /** With `wait`: how long its place is kept after this call, in seconds. */
  readonly placeSec?: number;
}

export type OnOverlap = "block" | "proceed" | "wait";

export interface Announced {
  readonly fence: number;
  /** Conflicts that this announcement opened (only with `proceed`, or over a suspended intent). */
  readonly conflicts: readonly string[];
  /** Own intents that it replaced. */
  readonly superseded: readonly string[];
  /** Conflicts that a part of its files is frozen for: nothing is committed there until they are resolved. */
  readonly frozen?: readonly string[];
  /** It has not begun: it has a place behind others and begins by itself. */
  readonly waiting?: Waiting;
}

export interface Waiting {
  readonly deferralId: string;
  /** Who else waits for some of it and comes first. */
  readonly ahead: number;
  /** Who holds what of it, as a refusal names them. */
  readonly holders: readonly JsonObject[];
}

export interface Claim extends Repeatable {
  readonly claimId: string;
  readonly originalIntentId: string;
  readonly originalPrincipalId?: string;
  readonly newIntentId: string;
  readonly objective: string;
  /** Nothing: all that the original holds. */
  readonly files?: readonly string[];
  readonly justification?: string;
}

/** The coordinator's word on a claim; `undefined` when there was none within the time. */
export interface ClaimDecision {
  readonly decision: "approved" | "rejected" | "withdrawn";
  readonly reason?: string;
  readonly approvedBy?: string;
}

export interface Resolution extends Repeatable {
  readonly conflictId: string;
  readonly decision: string;
  readonly rationale: string;
  readonly outcome?: {
    readonly accepted?: readonly string[] | undefined;
    readonly rejected?: readonly string[] | undefined;
    readonly merged?: readonly string[] | undefined;
    readonly rollback?: string | undefined;
  };
}

export interface Escalation extends Repeatable {
  readonly conflictId: string;
  /** Nobody: the one arbiter who is there. */
  readonly to?: string;
  readonly reason: string;
  readonly context?: string;
}

export interface Wait {
  /** How long to wait, in milliseconds. */
  readonly limitMs: number;
  /** Ends the wait early. */
  readonly signal?: AbortSignal | undefined;
}

export interface Commit extends Repeatable {
  readonly opId: string;
  readonly intentId: string;
  readonly fence: number;
  readonly target: string;
  readonly opKind: "replace" | "insert" | "delete";
  readonly stateRefBefore: string;
  readonly stateRefAfter: string;
  /** The reference just read from disk. */
  readonly observed: string;
}

export interface Supersede {
  readonly opId: string;
  readonly supersedesOpId: string;
  readonly target: string;
  readonly intentId: string;
  /** Null when no readable file stands there. */
  readonly stateRefAfter: string | null;
  readonly reason: string;
}

/**
 * The session, as one principal. Every call joins first when needed and survives a restart of the sidecar: it is sent
 * again with the same ids, so that it happens once.
 *
 * Faults are known by their `name`, because each face brings its own classes.
 * @throws SidecarUnavailable when the sidecar can neither be reached nor started: nothing was sent. Its `message` is a sentence for the reader.
 * @throws OutcomeUnknown when a command was sent, the connection broke before its outcome was heard, and asking again did not help
 */
export interface Coordination {
  membership(): Promise<Membership>;
  summary(ask: { paths?: readonly string[]; limit?: number; cursor?: string }): Promise<SummaryAnswer>;
  overlap(paths: readonly string[]): Promise<OverlapAnswer>;
  /** With `target` the answer says whether the intent's scope covers it. */
  intent(intentId: string, target?: string): Promise<IntentAnswer["intent"]>;
  /** The intent, and what other trees have of its files and the caller's lacks. */
  intentBehind(intentId: string): Promise<{ readonly intent: IntentAnswer["intent"]; readonly behind: readonly BehindView[] }>;
  behind(paths: readonly string[]): Promise<readonly BehindView[]>;
  announce(announcement: Announcement): Promise<Outcome<Announced>>;
  withdraw(intentId: string, reason: string, repeatable?: Repeatable): Promise<Outcome<unknown>>;
  commit(commit: Commit): Promise<Outcome<unknown>>;
  supersede(supersede: Supersede): Promise<Outcome<unknown>>;
  acknowledge(conflictId: string, ackType: "seen" | "accepted" | "disputed", repeatable?: Repeatable): Promise<Outcome<unknown>>;
  escalate(escalation: Escalation): Promise<Outcome<unknown>>;
  resolve(resolution: Resolution): Promise<Outcome<unknown>>;
  /** Asks for a suspended task and waits for the coordinator's word on it; the word is missing when it took too long. */
  claim(claim: Claim, wait: Wait): Promise<Outcome<ClaimDecision | undefined>>;
  /**
   * What the waiting intent began with, as soon as it has begun; nothing when the wait is over, or when that was said while
   * nobody listened: what stands is asked for by announcing it again.
   */
  untilBegun(intentId: string, wait: Wait): Promise<Announced | undefined>;
  /**
   * A call that waited for this intent was cancelled. When it begins before another call of the caller's has been answered it is
   * given up, else a later result tells of it. Missing where nothing is heard.
   */
  readonly unheard?: (intentId: string) => void;
}

/** Sub-agents of the caller's host, each a principal of its own. */
export interface Agents {
  /** The session as the sub-agent of this label. */
  as(label: string): Promise<Coordination>;
  /** The session as whoever of the caller and its sub-agents holds, or held, the intent; as the caller for anybody else's. */
  holding(intentId: string): Promise<Coordination>;
  /** The session as the principal of this name, if that is the caller or a sub-agent of its. */
  named(principalId: string): Promise<Coordination | undefined>;
}
