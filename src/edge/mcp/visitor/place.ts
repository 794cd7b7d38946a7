/**
 * What a session gives to whoever takes part over HTTP; the composition root connects it to the edges and folders that have
 * it, because edges are strangers to one another.
 */
import type { SessionState } from "../../../core/session/state.ts";
import type { ProvenIdentity } from "../../../core/session/verdict.ts";
import type { Outcome } from "../../../engine/outcome.ts";
import type { Heard } from "../../../tools/hearing.ts";
import type { Files } from "../../../tools/ports/files.ts";
import type { Peers } from "../../../tools/ports/mail.ts";
import type { Commit } from "../../../tools/ports/session.ts";
import type { BusAnswer } from "../../../wire/bus/answer.ts";
import type { BusRequest } from "../../../wire/bus/requests.ts";
import type { PrincipalId } from "../../../wire/ids.ts";
import type { JsonObject } from "../../../wire/json.ts";
import type { Worktree } from "../../../wire/mpac/extension.ts";
import type { ClientMessage } from "../../../wire/mpac/messages.ts";
import type { Answer, Query } from "../../../wire/query.ts";
import type { Actor } from "../../../wire/record.ts";
import type { Caller } from "../ports.ts";

/** A name that is held: its participant counts as present. */
export interface Seat extends Disposable {
  readonly principal: PrincipalId;
}

/** Whom an answer is for, and the worktree of one that has not joined. */
export interface Asker {
  readonly principal: string | undefined;
  readonly tree?: string | undefined;
}

/** Who says a message, and about which tree. */
export interface Sayer {
  readonly actor: Actor;
  readonly tree: string;
  /** With a HELLO: the seat under its name, taken before. */
  readonly seat?: Seat;
  readonly identity?: ProvenIdentity | undefined;
}

export interface Session {
  readonly sessionId: string;
  readonly workspaceDir: string;
  /** Of the last that has happened in it, and is durable. */
  readonly revision: number;
  query<Result>(ask: (state: Readonly<SessionState>) => Result): Promise<Result>;
  ask(query: Query, asker: Asker): Promise<Answer>;
  /** Resolves when the outcome is durable. */
  say(message: ClientMessage, sayer: Sayer): Promise<Outcome>;
  sit(principal: string, hear: (heard: Heard) => void): Seat;
  isConnected(principal: string): boolean;
  /** It showed that it works. */
  worked(principal: string): void;
  /** Milliseconds after `ms` in which nothing could be heard, because the machine slept: known once a question has been answered. */
  sleptSince(ms: number): number;
}

/** The files that a session's visitors work on. */
export interface VisitorFiles {
  readonly files: Files;
  /** The worktree that they lie in, as a HELLO names it; nothing where they are the session's virtual tree. */
  readonly worktree?: { readonly id: string; readonly describe: () => Promise<Worktree> };
  /** What a commit says, where its content goes along with it. */
  readonly commitPayload?: (commit: Commit) => JsonObject;
  /** Awaited before anybody is told where he is, and never fails: what an earlier process left under way is put right there. */
  readonly settled?: () => Promise<void>;
  /** Sentences about that. */
  readonly takeNotices?: () => readonly string[];
}

/** A peer of the session, registered until it is disposed of. */
export interface HeldPeers extends Peers, AsyncDisposable {
  /** Registers in the background. */
  connectSoon(): void;
}

/** A session that is open for visitors until this is disposed. */
export interface Place extends Disposable {
  readonly session: Session;
  readonly visitorFiles: VisitorFiles;
  /** Asks the session's own bus, as this caller under this name. */
  askBoard(request: BusRequest, caller: Caller, principal: string, signal: AbortSignal | undefined): Promise<BusAnswer>;
  /** The mail of the session's peers, under a name of this caller's. */
  openPeers(caller: Caller, name: string): HeldPeers;
}
