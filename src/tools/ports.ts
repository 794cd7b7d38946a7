/**
 * What a tool needs: the session that decides, the files of the caller's worktree, the board with lanes and messages.
 *
 * The bridge gives them over WebSocket, local disk and HTTP; the sidecar's own MCP face gives them in process.
 */
import type { BusAnswer } from "../wire/bus/answer.ts";
import type { BusRequest } from "../wire/bus/requests.ts";
import type { Json, JsonObject } from "../wire/json.ts";
import type { Rejection } from "../wire/refusals.ts";
import type { BehindView, IntentAnswer, OverlapAnswer, SummaryAnswer } from "../wire/query.ts";
import type { Person, Progress } from "./asking.ts";

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

export const PRIORITIES = ["low", "normal", "high", "critical"] as const;
export type Priority = (typeof PRIORITIES)[number];

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
}

export type PathsAnswer = { readonly ok: true; readonly paths: readonly string[] } | { readonly ok: false; readonly why: string };

export type FileAnswer =
  | {
      readonly ok: true;
      /** The file that the bytes lie in, every symbolic link followed. */
      readonly path: string;
      /** The name that was asked for in its real folder: a link itself, where it is one. Deleting takes this away. */
      readonly entry: string;
    }
  | { readonly ok: false; readonly why: string };

export type FileState =
  | {
      readonly status: "ok";
      readonly path: string;
      readonly state_ref: string;
      readonly size: number;
      /** Absent when it was not asked for, is not UTF-8, or is over the limit. */
      readonly content?: string;
      readonly binary?: boolean;
      readonly truncated?: boolean;
    }
  | { readonly status: "missing"; readonly path: string; readonly state_ref: string; readonly size: 0 };

/** A replacement whose content is on disk beside its target, not yet in its place. */
export interface PreparedReplacement {
  readonly stateRefAfter: string;
  /**
   * Puts it in place when the target still has `expectedRef`; otherwise the target is untouched.
   * @throws WriteFailed when the system refuses; the target is untouched then, and its `message` is a sentence for the reader
   */
  apply(expectedRef: string): Promise<Placed>;
  /** Takes it back before `apply`: nothing of it is left. */
  abandon(): Promise<void>;
  /** After an `apply` that did not apply: the coordinator knows that the operation is withdrawn. */
  withdrawn(): Promise<void>;
}

export type Placed =
  | { readonly outcome: "applied" }
  /** `currentRef` is null when no readable file stands there; the content stays at `keptAt` (a deletion has none). */
  | { readonly outcome: "changed"; readonly currentRef: string | null; readonly keptAt?: string }
  /** Somebody removed or altered the waiting content; the target is as expected. */
  | { readonly outcome: "lost"; readonly currentRef: string };

/** The caller's worktree. */
export interface Files {
  /** On no disk: the virtual tree of a session without a repository. */
  readonly isVirtual?: true;
  /** Whether a path of this machine names its folder or lies in it; missing where it lies in none that others may name. */
  isWithin?(path: string): Promise<boolean>;
  /**
   * What a path of a scope stands for: repository-relative, `/` separated, globs allowed. A symbolic link stands for itself
   * and for the file that is changed through it.
   */
  scopePaths(text: string): Promise<PathsAnswer>;
  /** One file that may be read or written: inside the worktree also through symbolic links, and never in `.git`. */
  filePath(text: string): Promise<FileAnswer>;
  /** Runs `work` when no other call is about the same file any more: two submits of one file at once would share their preparations. */
  alone<Result>(path: string, work: () => Promise<Result>): Promise<Result>;
  state(path: string, options: { content: boolean }): Promise<FileState | { readonly status: "refused"; readonly why: string }>;
  /**
   * Writes `content` (null deletes) beside the target, flushed and remembered for a crash. A second time for the same
   * operation replaces what the first one wrote.
   * @throws WriteFailed when the system refuses; nothing is left of it then
   */
  prepare(request: Replacement): Promise<PreparedReplacement | { readonly refused: string }>;
  /** Paths that begin so, down to the next `/`, those of folders ending in it: for somebody who types. */
  list?(begun: string): Promise<readonly string[]>;
  /** Whether a change of this operation was prepared here and was neither put in place nor taken back. */
  isWaiting(opId: string): boolean;
}

export interface Replacement {
  readonly path: string;
  readonly content: string | null;
  readonly opId: string;
  readonly intentId: string;
  readonly stateRefBefore: string;
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

/** The coordination bus, as one principal. */
export interface Board {
  /** The name that the caller has there when it gives none. */
  principal(): Promise<string>;
  /**
   * What comes of it, whatever goes wrong. `signal` ends the wait: a claim that waits gives up its place, and is answered with
   * what came of it, because its turn may have come in that moment. Any other write is carried to its answer (`giving-up.ts`).
   */
  ask(request: BusRequest, signal?: AbortSignal): Promise<BusAnswer>;
}

export interface PeerMessage {
  readonly id: string;
  readonly from: string;
  readonly source: string;
  readonly body: Json;
  /** It was sent before, so that somebody of this name may have seen it. */
  readonly redelivered?: true;
}

/** A message that its sender may ask for again. */
export interface Once {
  /** Whoever sends it, and its own id for the call, in one. */
  readonly request: string;
  /** Follows from the request and what the message says: a broker that knows it drops the message. 32 hex digits. */
  readonly messageId: string;
}

/**
 * To be told whether what a call gives reached whoever asked. Gives what is to be done where it turns out later that nobody has
 * read it; `isSure` is false where the last bytes alone, which say nothing, may have been left unread.
 */
export type Settle = (given: boolean) => ((isSure: boolean) => void) | undefined;

export interface Drained {
  readonly messages: readonly PeerMessage[];
  /** How many wait still. */
  readonly remaining: number;
  /** To be told whether they reached whoever asked: if so they are acknowledged, else they wait again. */
  readonly settle: Settle;
}

/**
 * The peers' mail, under the caller's name there.
 *
 * @throws PeersUnavailable when the bus cannot be used now, MailUnfit when a message is too large for it, RequestReused when
 * `once` is of a request that said something else before; their `message` is a sentence for the reader
 */
export interface Peers {
  /** How many messages wait here; 0 where nobody takes any. */
  unread(): number;
  /** The oldest that wait, as many as fit into so many characters of JSON, and one in any case; none of them is taken. */
  waiting?(most: number): Promise<Pick<Drained, "messages" | "remaining">>;
  /** Resolves when it is on its way: nobody says whether anybody has that name. */
  send(to: string, body: Json, once?: Once): Promise<void>;
  /** To all who are connected now. */
  broadcast(body: Json, once?: Once): Promise<void>;
  names(): Promise<{ readonly self: string; readonly others: readonly string[] }>;
  /** The oldest that wait, as many as fit into so many characters of JSON, and one in any case. */
  drain(most: number): Promise<Drained>;
}

/** What a tool is given. `repo_path` has already chosen whose. */
export interface ToolContext {
  readonly coordination: Coordination;
  readonly agents: Agents;
  readonly files: Files;
  readonly board: Board;
  readonly peers: Peers;
  /** What `begin_task` does on overlap when the call does not say (`MPAC_ON_OVERLAP`). */
  readonly onOverlap: OnOverlap;
  /** Aborted when the caller does not want the answer any more. */
  readonly signal?: AbortSignal | undefined;
  readonly person?: Person | undefined;
  /** Tells the caller how far a call has come, where it asked for that. */
  readonly progress?: ((progress: Progress) => void) | undefined;
  readonly nowMs: () => number;
  /** Random, URL-safe, for ids that the caller mints. */
  readonly newId: () => string;
  /** Lower-case hex SHA-256 of the text's UTF-8, 64 digits. */
  readonly hash: (text: string) => string;
  /** Where the call is meant, known before anything answers, so that a refusal can say so too. */
  readonly workspace?: { readonly dir: string; readonly sessionId: string };
  /** Takes a fault that no reader can act on, for the log. */
  readonly reportFault?: (cause: unknown, tool: string) => void;
}
