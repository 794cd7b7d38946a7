/**
 * One participant that comes over HTTP: it joins with its first write, is present while it is held and for a while after its
 * last request, and its tasks live as long as requests come.
 *
 * Between two requests anything may have happened to it: each looks at what stands, takes up again what was suspended while
 * nothing was heard of it, and renews what is due.
 */
import { liveIntentsOf, memberOf } from "../../../core/session/read.ts";
import type { Intent } from "../../../core/session/state/intents.ts";
import type { Participant } from "../../../core/session/state/participants.ts";
import { type Carrier, createCoordination } from "../../../tools/coordination.ts";
import { createConflictNews } from "../../../tools/conflict-news.ts";
import { createHearing, type Heard } from "../../../tools/hearing.ts";
import type { Notices } from "../../../tools/notices.ts";
import type { Coordination, Membership } from "../../../tools/ports/session.ts";
import type { PrincipalId } from "../../../wire/ids.ts";
import type { JsonObject } from "../../../wire/json.ts";
import { PRESENT_MS } from "../../../wire/over-http.ts";
import type { Rejection } from "../../../wire/refusals.ts";
import type { Identity } from "../../http/door.ts";
import { createHeldTasks, sentenceOf, type Standing } from "./held.ts";
import type { Place, Seat } from "./place.ts";
import { createVoice, sentOf } from "./voice.ts";

/** How many suggested names are tried: others may take the free one in the same moment. */
const MAX_NAMES = 32;

const SENT_AWAY: Rejection = { code: "credential/rejected", message: "this credential is given out no more; sign in again" };

export interface MemberOptions {
  readonly place: Place;
  /** The name to join under; when another holds it, the session suggests the next free one. */
  readonly name: string;
  readonly displayName: string;
  readonly instance: string;
  /** As its last request has shown it: another token of the same person may give other roles. */
  readonly identityNow: () => Identity | undefined;
  /** What it says of itself in HELLO. */
  readonly capabilities: readonly string[];
  readonly notices: Notices;
  readonly nowMs: () => number;
}

export interface Member {
  /** The name that it has, or would have. */
  readonly principal: string;
  readonly isPresent: boolean;
  readonly holdsTasks: boolean;
  readonly notices: Notices;
  /** Carries what it says; who may not write is kept from it before. */
  readonly carrier: Carrier;
  readonly coordination: Coordination;
  /** Joins unless it has joined. Gives why not. */
  join(): Promise<Rejection | undefined>;
  /** A request of it came. */
  worked(): Promise<void>;
  /** It counts as working still: what is due is renewed. */
  renew(): Promise<void>;
  /** No request came for a long time: who holds nothing says goodbye, whoever does falls silent. */
  rest(): Promise<void>;
  /** It is not present any more, from this moment, and says nothing again. */
  close(): void;
}

export function createMember(options: MemberOptions): Member {
  const { place, name, displayName, instance, identityNow, capabilities, notices, nowMs } = options;
  const { session, visitorFiles } = place;
  const voice = createVoice(place, identityNow, nowMs);
  const held = createHeldTasks();
  const hearing = createHearing();
  const conflicts = createConflictNews(notices, principal);
  let seat: Seat | undefined;
  /** The name that it had last. */
  let known = name;
  /** The name that it is about to join under. */
  let asked: string | undefined;
  let joining: Promise<Rejection | undefined> | undefined;
  let isClosed = false;
  /** As whom it was found when it was looked last: that holds until something happens in the session, or the time comes. */
  let looked: { readonly self: PrincipalId | undefined; readonly revision: number; readonly untilMs: number } | undefined;

  function hear(heard: Heard): void {
    conflicts.hear(heard);
    if (heard.message_type === "INTENT_ANNOUNCE" && heard.payload.extensions?.signalbox?.["ack"] !== undefined) begin(heard.payload);
    hearing.hear(heard);
  }

  function begin(payload: Heard["payload"]): void {
    const { intent_id: intentId, objective, scope, extensions } = payload;
    const { resources = [] } = (scope ?? {}) as { readonly resources?: readonly string[] };
    const renews = extensions?.signalbox?.["renews"] === true;
    if (typeof intentId === "string")
      held.add(intentId, { objective: typeof objective === "string" ? objective : "", files: resources, renews });
  }

  /** As which it is taken for somebody, before anybody has said so: another may hold the name. */
  function principal(): string {
    const own = seat?.principal ?? asked;
    if (own !== undefined) return own;
    if (!session.isConnected(known)) return known;
    for (let number = 2; ; number += 1) if (!session.isConnected(`${name}#${number}`)) return `${name}#${number}`;
  }

  function letGo(): void {
    const left = seat;
    seat = looked = undefined;
    left?.[Symbol.dispose]();
  }

  async function hello(as: Seat): Promise<Rejection | undefined> {
    const isOpen = (await session.query(({ settings }) => settings.profile)) === "open";
    const worktree = await visitorFiles.worktree?.describe();
    const identity = identityNow();
    const payload = {
      display_name: displayName,
      roles: identity?.roles ?? ["contributor"],
      capabilities,
      extensions: { signalbox: worktree === undefined ? {} : { worktree } },
    };
    const proven = isOpen || identity === undefined ? undefined : { ...identity };
    const outcome = await voice.say(as.principal, instance, "HELLO", payload as unknown as JsonObject, { seat: as, identity: proven });
    return outcome.ok ? undefined : outcome.rejection;
  }

  async function joinAs(first: string): Promise<Rejection | undefined> {
    asked = first;
    for (let tried = 0; tried < MAX_NAMES; tried += 1) {
      const taken = session.sit(asked, hear);
      const rejection = await hello(taken).catch((cause: unknown) => {
        taken[Symbol.dispose]();
        throw cause;
      });
      if (rejection === undefined && isClosed) {
        taken[Symbol.dispose]();
        return SENT_AWAY;
      }
      if (rejection === undefined) {
        seat = taken;
        known = asked;
        learn(await session.query((state) => held.standing(state, taken.principal)));
        return undefined;
      }
      taken[Symbol.dispose]();
      const { suggested } = (rejection.details ?? {}) as { readonly suggested?: unknown };
      if (rejection.code !== "principal/name-taken" || typeof suggested !== "string") return rejection;
      asked = suggested;
    }
    return {
      code: "principal/name-taken",
      message: `${MAX_NAMES} names like ${name} are taken; let your client call itself by another name`,
    };
  }

  function join(): Promise<Rejection | undefined> {
    if (isClosed) return Promise.resolve(SENT_AWAY);
    if (seat !== undefined) return Promise.resolve(undefined);
    joining ??= joinAs(principal()).finally(() => (joining = asked = undefined));
    return joining;
  }

  function learn(standing: Standing): void {
    for (const ended of standing.ended) notices.tell(sentenceOf(ended, PRESENT_MS));
    held.learn(standing);
  }

  const carrier: Carrier = {
    hearing,
    holds: (intentId) => held.has(intentId),
    adopt: ({ intentId, objective, files, renews }) => held.add(intentId, { objective, files, renews }),
    notices,
    onRefused: conflicts.refused,
    ...(visitorFiles.commitPayload === undefined ? {} : { commitPayload: visitorFiles.commitPayload }),
    membership: () => Promise.resolve(membership()),
    query: (query) => voice.ask(query, principal()),
    async send(type, payload) {
      const refused = seat === undefined ? await join() : undefined;
      if (refused !== undefined) return { ok: false, rejection: refused };
      const outcome = await say(type, payload);
      if (outcome.ok || outcome.rejection.code !== "session/not-joined") return sentOf(outcome);
      letGo(); // it was forgotten
      const rejection = await join();
      return rejection === undefined ? sentOf(await say(type, payload)) : { ok: false, rejection };
    },
  };

  async function say(type: Parameters<Carrier["send"]>[0], payload: JsonObject) {
    const outcome = await voice.say(principal(), instance, type, payload);
    if (outcome.ok) note(type, payload, outcome.result);
    return outcome;
  }

  function note(type: string, payload: JsonObject, result: JsonObject | undefined): void {
    if (type === "RESOLUTION") conflicts.hearOwn({ message_type: type, sender: { principal_id: principal() }, payload });
    const { intent_id: intentId } = payload;
    if (type === "INTENT_WITHDRAW" && typeof intentId === "string") held.drop(intentId);
    for (const id of (result?.["superseded"] as readonly string[] | undefined) ?? []) held.drop(id);
    if (type === "INTENT_ANNOUNCE" && result?.["fence"] !== undefined) begin(payload as Heard["payload"]);
  }

  function membership(): Membership {
    const { sessionId, workspaceDir } = session;
    return { workspaceDir, sessionId, sidecarUri: `/session/${sessionId}`, principalId: principal(), takeNotices: notices.take };
  }

  async function renewDue(live: readonly Intent[]): Promise<void> {
    const nowAt = nowMs();
    const due = live.filter(({ renews, expiresAtMs, ttlSec }) => renews && expiresAtMs - nowAt <= (ttlSec * 1_000) / 2);
    await Promise.all(due.map(({ id, ttlSec }) => say("INTENT_UPDATE", { intent_id: id, ttl_sec: ttlSec })));
  }

  return {
    get principal() {
      return principal();
    },
    get isPresent() {
      return seat !== undefined;
    },
    get holdsTasks() {
      return held.size > 0;
    },
    notices,
    carrier,
    coordination: createCoordination(carrier),
    join,
    close() {
      isClosed = true;
      letGo();
    },
    async worked() {
      if (isClosed) return;
      if (looked !== undefined && looked.revision === session.revision && nowMs() < looked.untilMs) {
        if (looked.self !== undefined) session.worked(looked.self);
        return;
      }
      const { self, standing, as } = await session.query((state) => {
        const participant = memberOf(state, known, instance);
        const stands = held.standing(state, participant?.id);
        const found = { self: participant?.id, revision: session.revision, untilMs: dueAtMs(stands.live) };
        return { self: participant && { id: participant.id, isAway: isMissed(participant) }, standing: stands, as: found };
      });
      if (joining !== undefined || isClosed) return;
      learn(standing);
      if (self === undefined) {
        letGo();
        looked = as;
        return;
      }
      if (seat?.principal !== self.id) {
        letGo();
        seat = session.sit(self.id, hear);
        known = self.id;
      }
      session.worked(self.id);
      if (self.isAway) await voice.say(self.id, instance, "HEARTBEAT", {});
      else looked = as;
      await renewDue(standing.live);
    },
    async renew() {
      if (seat === undefined || held.size === 0) return;
      const { principal: id } = seat;
      const live = await session.query((state) => liveIntentsOf(state, id));
      if (seat?.principal === id) await renewDue(live);
    },
    async rest() {
      if (seat === undefined) return;
      const { principal: id } = seat;
      const owns = await session.query(({ participants }) => {
        const self = participants.get(id);
        return self !== undefined && self.intents.size + self.claims.size + self.deferrals.size > 0;
      });
      if (seat?.principal !== id) return;
      letGo();
      // A task is not lost with its owner's silence: it is suspended, for whoever goes on with it.
      if (!owns) await voice.say(id, instance, "GOODBYE", { reason: "user_exit", intent_disposition: "withdraw" });
    },
  };
}

/** Whether the session takes it for gone: it says that it is not. */
const isMissed = ({ presence, away }: Participant): boolean => presence === "unavailable" || away === true;

/** When the first of them is to be renewed, or ends. */
function dueAtMs(live: readonly Intent[]): number {
  return Math.min(...live.map(({ renews, expiresAtMs, ttlSec }) => (renews ? expiresAtMs - (ttlSec * 1_000) / 2 : expiresAtMs)));
}
