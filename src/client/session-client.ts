/**
 * A participant's way to its session: it joins when something is to be said, stays, and joins again by itself under the
 * same principal and instance when the connection breaks.
 *
 * A command that was under way then is sent again with the same ids, so that it happens once; when nobody says what became
 * of it within its time limit, that is said too. A sidecar that was stopped on purpose stays stopped until it is needed.
 */
import { randomUUID } from "node:crypto";
import { MAX_FRAME_BYTES } from "../wire/mpac/envelope.ts";
import type { JsonObject } from "../wire/json.ts";
import type { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import type { Worktree } from "../wire/mpac/extension.ts";
import type { CommandType } from "../wire/mpac/messages.ts";
import type { Answer, Query } from "../wire/query.ts";
import { ABNORMAL_CLOSE } from "./connection.ts";
import { createEpochs } from "./epochs.ts";
import { createHeartbeat } from "./heartbeat.ts";
import { createInFlight, type Limits, type Outcome } from "./in-flight.ts";
import type { Inbound, SessionInfo } from "./inbound.ts";
import { type Link, openLink } from "./link.ts";
import { createOwnIntents, type HeldIntent, type OnEnded } from "./own-intents.ts";
import { createReach, type Locate, type Located } from "./reach.ts";
import { checkControl } from "./versions.ts";
import { createVoice, type Introduction, introduction, withRequestId } from "./voice.ts";

export interface SessionClientOptions extends Introduction {
  /** The name to join under. When it is taken by a living connection the coordinator names the next free one. */
  readonly principalId: string;
  /** Names this incarnation; a random id by default. */
  readonly incarnation?: string;
  /** Read at every join. */
  readonly worktree?: () => Promise<Worktree | undefined>;
  readonly locate: Locate;
  /** The control number that the sidecar must have as well. */
  readonly control: number;
  /** How an attempt to join that came to nothing is told, where our own words do not fit the place. */
  readonly explain?: (cause: unknown) => unknown;
  /** After every join. `renamedFrom` is the name of the connection before, when this one has another. */
  readonly onJoined?: (joined: Joined) => void;
  /** An own intent has ended, and not by a message of ours. */
  readonly onEnded?: OnEnded;
  /** Messages of others and the coordinator's word to all, one after the other. */
  readonly onEnvelope?: (envelope: InboundEnvelope) => void;
  /** Something is durable that is ours: a message of this client, or a task that began by itself. */
  readonly onAck?: (envelope: InboundEnvelope) => void;
  readonly limits?: Partial<ClientLimits>;
}

/** Milliseconds, all of them. */
export interface ClientLimits {
  /** How long the outcome of a command is waited for, from its first sending. */
  readonly commandMs: number;
  /** How long a caller waits for a connection, the start of a sidecar not counted. */
  readonly reachMs: number;
  /** How long the answer to HELLO may take. */
  readonly joinMs: number;
  readonly pingMs: number;
  /** How long the answer to GOODBYE is waited for. */
  readonly goodbyeMs: number;
  /** The first wait between two attempts to connect, and the longest. */
  readonly firstDelayMs: number;
  readonly mostDelayMs: number;
}

const LIMITS: ClientLimits = {
  commandMs: 10_000,
  reachMs: 10_000,
  joinMs: 5_000,
  pingMs: 15_000,
  goodbyeMs: 800,
  firstDelayMs: 100,
  mostDelayMs: 30_000,
};

export interface Joined {
  readonly principalId: string;
  readonly instanceId: string;
  readonly sessionId: string;
  readonly uri: string;
  readonly info: SessionInfo;
  /** Whether this client had joined before. */
  readonly again: boolean;
  readonly renamedFrom?: string;
}

export type Disposition = "withdraw" | "transfer" | "expire";

export interface CallOptions {
  /** Ends the wait. What was sent by then may have happened. */
  readonly signal?: AbortSignal;
  /** Milliseconds, instead of the client's own limit. */
  readonly limitMs?: number;
}

/** Disposing says GOODBYE with `withdraw`. */
export interface SessionClient extends AsyncDisposable {
  /** The name that it goes by now. */
  readonly principalId: string;
  /** Whether it is joined in this moment; nothing is done about it when it is not. */
  readonly isJoined: boolean;
  /** Own live intents, as far as the coordinator has told. */
  readonly intents: ReadonlyMap<string, HeldIntent>;
  /** Counts an intent as its own that somebody else's word made so: a claim that was approved. */
  adopt(intent: Omit<HeldIntent, "renewedAt">): void;
  /** Resolves when it has joined. @throws SidecarUnavailable */
  join(signal?: AbortSignal): Promise<Joined>;
  /**
   * Carries a command out once. A `request_id` is put into it when it has none.
   *
   * @throws SidecarUnavailable when it was never sent, OutcomeUnknown when it was and nobody says what became of it
   */
  send(type: CommandType, payload: JsonObject, options?: CallOptions): Promise<Outcome>;
  /** Answered behind every command that was sent before. @throws SidecarUnavailable, QueryRefused */
  query(query: Query, options?: CallOptions): Promise<Answer>;
  /** Leaves the session for good; its answer is waited for 800 ms at most. */
  close(disposition: Disposition): Promise<void>;
}

export function createSessionClient(options: SessionClientOptions): SessionClient {
  const limits = { ...LIMITS, ...options.limits };
  const incarnation = options.incarnation ?? randomUUID();
  const voice = createVoice(incarnation);
  const intents = createOwnIntents(options.onEnded);
  const epochs = createEpochs();
  const closing = new AbortController();
  let principal = options.principalId;
  let joinedAs: string | undefined;
  let sessionId = "";
  let secret: string | undefined;
  let link: Link | undefined;
  let closed: Promise<void> | undefined;

  const inFlight = createInFlight((text) => {
    if (link?.connection.open === true) link.connection.send(text);
  });
  const heartbeat = createHeartbeat((status) => {
    if (link?.connection.open === true) link.connection.send(envelope("HEARTBEAT", { status }).text);
  });
  const reach = createReach<Joined>({
    locate: options.locate,
    open: (located) =>
      joinAt(located).catch((cause: unknown) => {
        throw options.explain?.(cause) ?? cause;
      }),
    pace: { firstMs: limits.firstDelayMs, mostMs: limits.mostDelayMs },
    reachMs: limits.reachMs,
    signal: closing.signal,
    onTrouble: (cause) => inFlight.explain(cause),
  });

  const envelope = (type: string, payload: JsonObject) => voice.envelope(type, payload, { principal, sessionId });

  async function joinAt({ uri, token }: Located): Promise<Joined> {
    const worktree = await options.worktree?.();
    const opened = await openLink(uri, {
      principal,
      token,
      hello: (as) => voice.envelope("HELLO", introduction(options, as, { worktree, token, secret }), { principal: as, sessionId }),
      hear,
      pingMs: limits.pingMs,
      joinMs: limits.joinMs,
      signal: closing.signal,
    });
    const unfit = checkControl(options.control, opened.info.extensions.signalbox);
    if (unfit !== undefined || closing.signal.aborted) {
      opened.connection.close();
      throw unfit ?? (closing.signal.reason as Error);
    }
    return begin(uri, opened);
  }

  function begin(uri: string, opened: Link): Joined {
    link = opened;
    principal = opened.principal;
    sessionId = opened.info.session_id;
    secret = opened.info.extensions.signalbox.secret;
    void opened.connection.ended.then(({ code }) => lose(opened, code));
    heartbeat.begin(opened.info);
    const joined: Joined = {
      principalId: principal,
      instanceId: voice.instanceOf(principal),
      sessionId,
      uri,
      info: opened.info,
      again: joinedAs !== undefined,
      ...(joinedAs === undefined || joinedAs === principal ? {} : { renamedFrom: joinedAs }),
    };
    joinedAs = principal;
    inFlight.sendAgain(principal);
    options.onJoined?.(joined);
    return joined;
  }

  function lose(lost: Link, code: number): void {
    if (link !== lost) return;
    link = undefined;
    heartbeat.end();
    reach.lost();
    if (closing.signal.aborted) return;
    reach.keep(() => inFlight.size > 0 || code === ABNORMAL_CLOSE);
  }

  function hear(inbound: Inbound): void {
    if ("envelope" in inbound) {
      if (!epochs.admits(inbound.envelope)) return;
      voice.hear(inbound.envelope);
    }
    switch (inbound.kind) {
      case "session-info":
        return intents.learn(inbound.info, Date.parse(inbound.envelope.ts ?? ""));
      case "ack":
        intents.acknowledge(inbound.envelope, inbound.ack);
        heartbeat.show(intents.all.size > 0);
        options.onAck?.(inbound.envelope);
        return inFlight.settle(inbound.messageId, { ok: true, ack: inbound.ack });
      case "refusal":
        if (inbound.refusal.rejection.code === "session/not-joined") return link?.connection.terminate(); // forgotten: join again, send again
        inFlight.settle(inbound.refersTo, { ok: false, rejection: inbound.refusal.rejection });
        return options.onEnvelope?.(inbound.envelope);
      case "answer":
        return inFlight.settle(inbound.queryId, { ok: true, answer: inbound.answer });
      case "query-error":
        return inFlight.settle(inbound.queryId, { ok: false, error: inbound.error });
      case "envelope":
        intents.hear(inbound.envelope);
        heartbeat.show(intents.all.size > 0);
        return options.onEnvelope?.(inbound.envelope);
    }
  }

  const limitsOf = ({ signal, limitMs = limits.commandMs }: CallOptions = {}): Limits => ({ limitMs, signal });

  async function leave(disposition: Disposition): Promise<void> {
    // Who has lost the connection is still taken for present: it comes back to say that it leaves, where that is quick.
    if (link?.connection.open === false) await link.connection.ended;
    if (link === undefined && joinedAs !== undefined) await withinLimit(reach.look(), limits.goodbyeMs);
    const standing = link;
    link = undefined;
    heartbeat.end();
    closing.abort(new Error("the session client is closed"));
    inFlight.abandonAll("its sender has left");
    if (standing === undefined) return;
    const { text } = envelope("GOODBYE", { reason: "user_exit", intent_disposition: disposition });
    if (standing.connection.open) standing.connection.send(text);
    await withinLimit(standing.connection.ended, limits.goodbyeMs);
    standing.connection.terminate();
  }

  return {
    get principalId() {
      return principal;
    },
    get isJoined() {
      return link?.connection.open === true;
    },
    intents: intents.all,
    adopt: (intent) => intents.adopt(intent),
    join: (signal) => reach.reach(signal),
    async send(type, payload, call) {
      const extended = type === "HEARTBEAT" ? payload : withRequestId(payload);
      await reach.reach(call?.signal);
      const { id, text } = envelope(type, extended);
      const bytes = Buffer.byteLength(text);
      if (bytes > MAX_FRAME_BYTES) {
        const message = `the ${type} has ${bytes} bytes, more than ${MAX_FRAME_BYTES}; send less at once`;
        return { ok: false, rejection: { code: "message/malformed", message } };
      }
      return inFlight.command({ id, type, text, principal }, limitsOf(call));
    },
    async query(query, call) {
      await reach.reach(call?.signal);
      const id = randomUUID();
      return inFlight.query({ id, text: JSON.stringify({ type: "SIGNALBOX_QUERY", query_id: id, query }) }, limitsOf(call));
    },
    close(disposition) {
      closed ??= leave(disposition);
      return closed;
    },
    async [Symbol.asyncDispose]() {
      await this.close("withdraw");
    },
  };
}

async function withinLimit(wait: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([wait, limit]);
  clearTimeout(timer);
}
