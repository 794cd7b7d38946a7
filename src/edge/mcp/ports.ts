/**
 * How the parts of this edge meet: who a request is from, whom that makes in the session, and what changed there.
 */
import type { ToolContext } from "../../tools/ports.ts";
import type { Identity } from "../http/door.ts";
import type { Peer } from "../http/peer.ts";

/** Who sent this very request: nothing is remembered from another one. */
export interface Caller {
  readonly kind: "own" | "proven" | "anybody";
  /**
   * The name that its names in the session begin with: the token's holder, the key's, the subject that an issuer names; undefined
   * for this machine's own user, who has the name that a bridge would have, and for anybody.
   */
  readonly name: string | undefined;
  /** A principal that this machine's own program speaks for (`X-Signalbox-Principal`). */
  readonly principal: string | undefined;
  /** What the session knows it by; undefined for anybody. */
  readonly identity: Identity | undefined;
  readonly mayWrite: boolean;
  /** When what it showed ends by itself. */
  readonly expiresAtMs?: number;
  /** Whether the very credential that it showed, and not another of its holder, is given out still; missing where that is no question. */
  readonly stands?: (() => boolean) | undefined;
}

/** What a request came over, where that is known. */
export interface Wire {
  readonly address: string | undefined;
  /** Of this server, so that a request to one is none to another of this machine. */
  readonly port?: number | undefined;
  /** Asked when the answer matters; looked up once for a connection. */
  readonly peer: () => Promise<Peer>;
}

/** Why a request goes no further. */
export interface Barred {
  readonly status: 400 | 401 | 403 | 429 | 503;
  /** A sentence that says what to do. */
  readonly why: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Callers {
  /**
   * @param body - the bytes as they came, over which a signature may go; `to come` before anything of them is read: then it is for
   *   `barredByBody` to say whether they are those that were signed
   * @param sessionId - the coordination session that the request is about
   * @param wire - without it nobody is told apart by address or user of the machine
   */
  judge(request: Request, body: Uint8Array | "to come", sessionId: string, wire?: Wire): Promise<Caller | Barred>;
  /** Why a request that is several goes no further: each further one counts as one. */
  barredByNumber(caller: Caller, further: number, wire?: Wire): Barred | undefined;
  /** Why a body that has come since is not the one that the request was judged by. */
  barredByBody(request: Request, body: Uint8Array): Barred | undefined;
  /**
   * The session of a request whose path names none: the only one that its credential opens. Undefined when it opens several,
   * or all. Whose request it is must be judged still: a signature is not looked at here.
   */
  sessionFor(request: Request, wire?: Wire): Promise<string | Barred | undefined>;
  /** What a caller that may only read is told when it writes: 401 for anybody, 403 for a credential that gives no right to it. */
  barredFromWriting(caller: Caller, request: Request): Barred;
  /** Whether this credential would be let in now as well: a stream that stays open is asked again. */
  stillHolds(caller: Caller, sessionId: string): boolean;
  /** How to sign in, for an answer to whoever may only read. */
  readonly howToSignIn: string;
}

/** A participant of a session that comes over HTTP, as the tools need it. */
export interface Visitor {
  readonly context: ToolContext;
  /** It is there while this is not disposed of: an open stream, a call that waits. */
  hold(): Disposable;
}

export interface Visitors extends AsyncDisposable {
  /**
   * The participant that this caller is. It joins with its first write; who only reads takes no part.
   *
   * @param clientName - as the host calls itself
   * @param takesMail - whether the host has a tool that takes the mail of peers: who cannot take any is no peer
   */
  visit(caller: Caller, sessionId: string, clientName: string | undefined, takesMail?: boolean): Promise<Visitor>;
  /** Sends away whose credential is given out no more; gives how many those were. */
  dismiss(): number;
  /** How many take part and count as present: a sidecar that nobody else uses is there for them. */
  readonly present?: number;
}

/** Something changed in a session: the resources that say something else now, and the place in the logs up to which that is so. */
export interface Change {
  readonly uris: readonly string[];
  /** Whether it is one that no list can name: a file in a folder, or under a glob, that an intent is about. */
  readonly covers?: (uri: string) => boolean;
  /** Where a follower goes on, also after a restart: a revision of each of the session's logs. ASCII, no line break. */
  readonly cursor: string;
}

/** Somebody who follows single resources of a session, and is told that one of them says something else now. */
export interface Watcher {
  /** Whose `signalbox://inbox` is meant. */
  readonly principal: string | undefined;
  /** As its client wrote them, each once. */
  readonly uris: readonly string[];
  /** Told of many in one turn: takes note, and does the rest later. */
  tell(uri: string): void;
}

export interface Changes {
  /**
   * Tells of what changes from the moment on in which this resolves, until that is disposed of. What changed is worked out once for
   * a resource, however many follow it, and in short turns.
   */
  watch(sessionId: string, watcher: Watcher): Promise<Disposable>;
  /**
   * What changed behind a cursor, then what changes; from now on without one. Ends with `signal`.
   *
   * The first comes at once, also when nothing has changed: it says where following began, and what happens after it was
   * given is told. What is asked of each is `isAbout`, with the URI as the client subscribed to it.
   *
   * @param principal - whose `signalbox://inbox` is meant
   * @throws BadCursor at once, for a cursor that is none of ours
   */
  follow(sessionId: string, principal: string | undefined, after: string | undefined, signal: AbortSignal): AsyncIterable<Change>;
}
