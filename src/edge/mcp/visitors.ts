/**
 * Whom a request over HTTP makes in a session, and for how long: the same participant for the same credential and name, in every
 * life of the sidecar. It takes part in process and through no connection.
 */
import { agentsOf, credentialOf } from "../../core/session/read.ts";
import type { Clock } from "../../engine/clock.ts";
import { createNotices } from "../../tools/notices.ts";
import { PRESENT_MS } from "../../wire/over-http.ts";
import type { Caller, Callers, Visitor, Visitors } from "./ports.ts";
import { createContexts } from "./visitor/contexts.ts";
import { createMember, type Member } from "./visitor/member.ts";
import { besideNamesake, fingerprintOf, instanceOf, keptNames, nameOf, type Naming } from "./visitor/names.ts";
import type { Place } from "./visitor/place.ts";
import { createMail, type Mail } from "./visitor/peers.ts";

/** How often it is looked who has made no request for long, in milliseconds. */
const LOOK_MS = 15_000;

/** How long a session stays open here that only readers asked, in milliseconds. */
const LINGER_MS = 60_000;

/** How long it is remembered what somebody held who fell silent, in milliseconds: its next answer says what ended. */
const REMEMBERED_MS = 60 * 60_000;

export interface VisitorsOptions {
  /** Opens a session for visitors. */
  readonly enter: (sessionId: string) => Promise<Place>;
  readonly naming: Naming;
  readonly callers: Pick<Callers, "stillHolds" | "howToSignIn">;
  /** What a participant says in HELLO that it does (SPEC 19.1). */
  readonly capabilities: readonly string[];
  readonly clock: Pick<Clock, "after">;
  readonly nowMs: () => number;
  readonly reportFault: (cause: unknown, tool: string) => void;
}

/** Somebody who came, with whatever credential it came last. */
interface Known {
  readonly member: Member;
  readonly mail: Mail;
  readonly sessionId: string;
  caller: Caller;
  lastMs: number;
  /** Open streams and calls that wait. */
  holds: number;
  /** Its sub-agents. */
  readonly agents: Set<Known>;
  /** Whether those of an earlier life were looked for. */
  isWhole: boolean;
  /** What the tools are given for it, and for which caller. */
  served?: { readonly caller: Caller; readonly visitor: Visitor };
}

/** What the host of a request says of itself. */
interface Host {
  readonly clientName: string | undefined;
  readonly takesMail: boolean;
}

/** A session that visitors use, open until none has used it for a while. */
interface Stay {
  readonly place: Promise<Place>;
  readonly known: Map<string, Known>;
  lastMs: number;
  holds: number;
}

export function createVisitors(options: VisitorsOptions): Visitors {
  const { enter, callers, capabilities, clock, nowMs, reportFault } = options;
  const naming = keptNames(options.naming);
  const contexts = createContexts({ howToSignIn: callers.howToSignIn, nowMs, reportFault });
  const stays = new Map<string, Stay>();
  let isOver = false;

  function stayIn(sessionId: string): Stay {
    const standing = stays.get(sessionId);
    if (standing !== undefined) {
      standing.lastMs = nowMs();
      return standing;
    }
    const stay: Stay = { place: enter(sessionId), known: new Map(), lastMs: nowMs(), holds: 0 };
    stays.set(sessionId, stay);
    stay.place.catch(() => stays.get(sessionId) === stay && stays.delete(sessionId)); // whoever comes next tries again
    return stay;
  }

  function knownAs(stay: Stay, place: Place, caller: Caller, name: string, displayName = name): Known {
    const fingerprint = fingerprintOf(caller);
    const key = `${fingerprint}\0${name}`;
    const standing = stay.known.get(key);
    if (standing !== undefined) {
      standing.caller = caller;
      standing.lastMs = nowMs();
      return standing;
    }
    const identityNow = (): Caller["identity"] => known.caller.identity;
    const instance = instanceOf(fingerprint, name);
    const member = createMember({ place, name, displayName, instance, identityNow, capabilities, notices: createNotices(), nowMs });
    const mail = createMail(member, (as) => place.openPeers(caller, as));
    const known: Known = {
      member,
      mail,
      sessionId: place.session.sessionId,
      caller,
      lastMs: nowMs(),
      holds: 0,
      agents: new Set(),
      isWhole: false,
    };
    stay.known.set(key, known);
    return known;
  }

  /** Its own name; beside that of a namesake whose credential has that name in the session. */
  async function freeName(stay: Stay, place: Place, caller: Caller, clientName: string | undefined): Promise<string> {
    const { sessionId } = place.session;
    const own = nameOf(caller, sessionId, clientName, naming);
    const fingerprint = fingerprintOf(caller);
    if (caller.kind !== "proven" || stay.known.get(`${fingerprint}\0${own}`)?.member.isPresent === true) return own;
    const bearer = await place.session.query((state) => credentialOf(state, own));
    const isFree = bearer === undefined || bearer === fingerprint;
    return isFree ? own : nameOf(besideNamesake(caller), sessionId, clientName, naming);
  }

  /** Its sub-agents of an earlier life that still hold tasks: nobody else keeps these alive. */
  async function adopt(stay: Stay, place: Place, caller: Caller, known: Known): Promise<void> {
    known.isWhole = true;
    const { principal } = known.member;
    const names = await place.session.query((state) => agentsOf(state, principal, (name) => instanceOf(fingerprintOf(caller), name)));
    for (const name of names) known.agents.add(knownAs(stay, place, caller, name));
  }

  /** A participant of this caller's credential, which is there for as long as whoever named it. */
  function agentOf(main: Known, stay: Stay, place: Place, caller: Caller, name: string): Member {
    const agent = knownAs(stay, place, caller, name);
    if (agent !== main && name.startsWith(`${main.member.principal}/`)) main.agents.add(agent);
    return agent.member;
  }

  async function visitAs(stay: Stay, place: Place, caller: Caller, { clientName, takesMail }: Host): Promise<Visitor> {
    const name = await freeName(stay, place, caller, clientName);
    const known = knownAs(stay, place, caller, name, clientName);
    const { member } = known;
    if (caller.mayWrite) {
      await place.visitorFiles.settled?.();
      await member.worked();
      if (!known.isWhole) await adopt(stay, place, caller, known);
      for (const agent of known.agents) {
        agent.caller = caller;
        agent.lastMs = nowMs();
      }
      await Promise.all(Array.from(known.agents, (agent) => agent.member.worked()));
      known.mail.follow(takesMail);
    }
    // This machine's own user is one and the same caller with each request.
    if (known.served?.caller !== caller) {
      const context = contexts.of(place, caller, known, (other) => agentOf(known, stay, place, caller, other));
      known.served = { caller, visitor: { context, hold: () => held([stay, known]) } };
    }
    return known.served.visitor;
  }

  function held(whom: readonly { holds: number; lastMs: number }[]): Disposable {
    for (const one of whom) one.holds += 1;
    let isHeld = true;
    return {
      [Symbol.dispose]() {
        if (!isHeld) return;
        isHeld = false;
        for (const one of whom) {
          one.holds -= 1;
          one.lastMs = nowMs();
        }
      },
    };
  }

  async function look(): Promise<void> {
    for (const [sessionId, stay] of stays) {
      for (const [key, known] of stay.known) await restWhenIdle(stay, key, known);
      if (stay.holds > 0 || stay.known.size > 0 || nowMs() - stay.lastMs < LINGER_MS) continue;
      stays.delete(sessionId);
      (await stay.place)[Symbol.dispose]();
    }
  }

  async function restWhenIdle({ place, known: all }: Stay, key: string, known: Known): Promise<void> {
    const { session } = await place;
    // Who has only read takes no part, and leaves nothing to remember: there may be as many as a client makes up names.
    const onlyRead = known.holds === 0 && !known.member.isPresent && !known.member.holdsTasks;
    if (onlyRead && nowMs() - known.lastMs >= LINGER_MS) return forget(all, key, known);
    const isSilent = (): boolean => nowMs() - known.lastMs - session.sleptSince(known.lastMs) >= PRESENT_MS;
    // Whether the machine slept is seen before anything is answered.
    if (isSilent()) await session.query(() => undefined);
    // An open stream keeps somebody present, and no task alive that nobody works on.
    if (!isSilent()) return known.member.renew();
    if (known.holds > 0) return;
    await known.member.rest();
    if (!known.member.isPresent) known.mail.close();
    const isForgotten = !known.member.holdsTasks || nowMs() - known.lastMs >= REMEMBERED_MS;
    if (isForgotten && known.holds === 0 && isSilent() && !known.member.isPresent) forget(all, key, known);
  }

  function forget(all: Stay["known"], key: string, known: Known): void {
    all.delete(key);
    for (const other of all.values()) other.agents.delete(known);
  }

  let timer: Disposable | undefined;
  let looking: Promise<void> = Promise.resolve();
  function lookAgain(): void {
    looking = look().catch((cause: unknown) => reportFault(cause, "visitors"));
    if (!isOver) timer = clock.after(LOOK_MS, lookAgain);
  }
  timer = clock.after(LOOK_MS, lookAgain);

  return {
    async visit(caller, sessionId, clientName, takesMail = false) {
      const stay = stayIn(sessionId);
      const place = await stay.place;
      if (caller.kind !== "anybody") return visitAs(stay, place, caller, { clientName, takesMail });
      return { context: contexts.ofNobody(place, caller), hold: () => held([stay]) };
    },
    get present() {
      return [...stays.values()].flatMap(({ known }) => [...known.values()]).filter(({ member }) => member.isPresent).length;
    },
    dismiss() {
      let dismissed = 0;
      for (const { known } of stays.values()) {
        for (const [key, { caller, sessionId, member, mail }] of known) {
          if (callers.stillHolds(caller, sessionId)) continue;
          if (member.isPresent) dismissed += 1;
          member.close();
          mail.close();
          known.delete(key);
        }
      }
      return dismissed;
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      timer?.[Symbol.dispose]();
      await looking;
      for (const [sessionId, { place, known }] of stays) {
        stays.delete(sessionId);
        for (const { member, mail } of known.values()) {
          member.close();
          mail.close();
        }
        await place.then(
          (open) => open[Symbol.dispose](),
          () => undefined, // it never opened
        );
      }
    },
  };
}
