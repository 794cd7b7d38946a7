/** One HTTP request on its way through this edge. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Ends } from "../../mcp/ending.ts";
import type { Settle } from "../../tools/ports/settle.ts";
import type { Selection } from "../../tools/selection.ts";
import type { InSession } from "./legacy/live-sessions.ts";
import type { Caller } from "./ports.ts";
import type { Serving, Visit } from "./serving.ts";
import type { SessionStore } from "./session-store.ts";
import type { Reason, Stays } from "./stays.ts";
import { whenUnread } from "./unread.ts";

/** What the server of the SDK carries of it, under a name that its types give. */
export interface AuthInfo {
  readonly token: "";
  readonly clientId: "";
  scopes: string[];
  extra: { visit: Visit };
}

export interface Env {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

export interface Beginning {
  readonly request: Request;
  readonly env: Env;
  readonly caller: Caller;
  readonly sessionId: string;
  readonly selection: Selection;
  readonly serving: Serving;
  readonly stays: Stays;
}

/** A class, because there is one for each request: what it does stands once. */
export class HttpVisit implements Visit, Ends {
  readonly request: Request;
  readonly caller: Caller;
  readonly sessionId: string;
  readonly selection: Selection;
  /** The tools that it may use: those that it chose, or that its session did. */
  serving: Serving;
  followed: Visit["followed"] = undefined;
  readonly #outgoing: ServerResponse;
  readonly #stays: Stays;
  sentAway: Reason | undefined;
  #gone: AbortController | undefined;
  #isInSession = false;
  #isWithdrawn = false;
  #stay: Disposable | undefined;
  #hold: Disposable | undefined;
  /** What its message takes as long as it is kept. */
  #room: Disposable | undefined;
  #stream: Pick<Visit, "onLeft"> | undefined;

  constructor({ request, env, caller, sessionId, selection, serving, stays }: Beginning) {
    this.request = request;
    this.caller = caller;
    this.sessionId = sessionId;
    this.selection = selection;
    this.serving = serving;
    this.#outgoing = env.outgoing;
    this.#stays = stays;
  }

  /** For whoever writes its answer there. */
  get outgoing(): ServerResponse {
    return this.#outgoing;
  }

  get authInfo(): AuthInfo {
    return { token: "", clientId: "", scopes: [], extra: { visit: this } };
  }

  /** What the SDK reads of a request; ended from here as well. */
  asRequest(): Request {
    const { method, url, headers } = this.request;
    return { method, url, headers, signal: this.signal } as Request;
  }

  /** What its client takes: one that names nothing, or anything, takes both. */
  get form(): "json" | "stream" | "either" {
    const accept = this.request.headers.get("accept") ?? "";
    const takesJson = accept.includes("application/json");
    const takesStream = accept.includes("text/event-stream");
    if (takesJson === takesStream) return "either";
    return takesJson ? "json" : "stream";
  }

  get carriesQuestions(): boolean {
    return this.#isInSession && this.form !== "json";
  }

  get isOver(): boolean {
    return this.#gone?.signal.aborted ?? (this.#outgoing.closed || this.#outgoing.destroyed);
  }

  /** Aborted when the client has gone, or is sent away. */
  get signal(): AbortSignal {
    if (this.#gone !== undefined) return this.#gone.signal;
    const gone = (this.#gone = new AbortController());
    const { outgoing } = this;
    if (outgoing.closed || outgoing.destroyed) gone.abort();
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) gone.abort();
    });
    return gone.signal;
  }

  /** Ends it from outside: whoever wants its answer is told why there is none. */
  sendAway(reason: Reason): void {
    this.sentAway = reason;
    void this.signal;
    this.#gone?.abort();
  }

  onLeft(hear: Settle): void {
    if (this.#stream !== undefined) return this.#stream.onLeft(hear);
    // What was answered before something was said on the way goes out in that stream as well.
    this.leaves((left) => {
      if (left || this.#stream === undefined) return hear(left);
      this.#stream.onLeft(hear);
      return undefined;
    });
  }

  /** Its answer comes in a stream that its client may come back to, if it has seen of which. */
  keptIn(stream: Pick<Visit, "onLeft">): void {
    const { outgoing } = this;
    if (!outgoing.closed && !outgoing.destroyed) this.#stream = stream;
  }

  /** The same by its own response alone. */
  leaves(hear: Settle): void {
    const { outgoing } = this;
    if (outgoing.closed || outgoing.destroyed) return void hear(false);
    const { socket } = outgoing.req;
    // What is written to nobody counts as written, but nobody says that it is finished.
    let isFinished = false;
    outgoing.once("finish", () => (isFinished = true));
    outgoing.once("close", () => {
      const takeBack = hear(isFinished && socket.errored === null && !this.#isWithdrawn);
      // Of a stream its end may lie unread, by somebody who has the answer and went.
      if (takeBack !== undefined) whenUnread(socket, () => takeBack(!outgoing.chunkedEncoding));
    });
  }

  /** Its message is kept until it is answered, and what is listened to counts elsewhere. */
  keep(room: Disposable): void {
    this.#room = room;
  }

  /** Its answer is there, or the stream that it comes in, which ends by `ended`. */
  answered(): void {
    if (this.#stay === undefined) this.#room?.[Symbol.dispose]();
  }

  /** Its answer is not given, though it ends well. */
  withdrawn(): void {
    this.#isWithdrawn = true;
  }

  /** It came in a session, which is in use while it is under way. */
  enter({ id, record }: InSession, sessions: SessionStore): void {
    this.#isInSession = true;
    const { sessionId } = this;
    this.#hold = sessions.hold(sessionId, record.idHash);
    this.followed = {
      subscribe: (uri) => sessions.subscribe(sessionId, id, uri),
      unsubscribe: (uri) => sessions.unsubscribe(sessionId, id, uri),
    };
  }

  /** A stream: it may be ended from outside, and ends with what its caller showed. From now on in this way, perhaps in this very call. */
  stay(end: (reason: Reason) => void): void {
    this.#stayFor(end, false);
  }

  /** The same for what does something. */
  stayForCall(end: (reason: Reason) => void): void {
    this.#stayFor(end, true);
  }

  #stayFor(end: (reason: Reason) => void, isCall: boolean): void {
    const { caller, sessionId } = this;
    this.#stay?.[Symbol.dispose]();
    if (!isCall) this.#room?.[Symbol.dispose]();
    this.#stay = this.#stays.add({ caller, sessionId, isCall, end });
  }

  ended(): void {
    this.#stay?.[Symbol.dispose]();
    this.#hold?.[Symbol.dispose]();
    this.#room?.[Symbol.dispose]();
  }
}
