/**
 * Who sent this very request, by what it shows itself: a token, a signature, or nothing.
 *
 * What a request shows and what does not hold is never taken for nothing: whoever meant to be known is told that it is not. No
 * other request says anything about this one, and no id of an MCP session does.
 */
import { PrincipalId } from "../../wire/ids.ts";
import { ANY_SESSION } from "../../wire/token-table.ts";
import { type Admission, type Door, identityOf, type Identity, tokenIn } from "../http/door.ts";
import { createPace, networkOf } from "../http/pace.ts";
import type { Rate } from "../http/rate.ts";
import type { Barred, Caller, Callers, Wire } from "./ports.ts";

/** Who may read without a credential. */
export type Anonymity =
  | "nobody"
  /** Whoever is not known to be another user of this machine. */
  | "this-user"
  | "everybody";

/** @param wish - `SIGNALBOX_ANONYMOUS_READ` */
export function anonymityOf(wish: boolean | undefined, door: Pick<Door, "isShut">, isHosted: boolean): Anonymity {
  if (wish !== undefined) return wish ? "everybody" : "nobody";
  return isHosted || door.isShut ? "nobody" : "this-user";
}

export interface CallersOptions {
  readonly door: Door;
  readonly anonymity: Anonymity;
  /** How fast whoever is not this machine's own user may ask; as fast as it can without one. */
  readonly rate?: Rate | undefined;
  readonly nowMs: () => number;
}

const HOW = "send Authorization: Bearer <token> with each request";
const NONE = `a credential is needed here: ${HOW}`;
const OTHER_SCHEME = `this Authorization cannot be read here; ${HOW}, one token and nothing else`;
const OTHER_USER = "this sidecar serves another user of this machine; start one of your own, or ask for MPAC_TOKEN_TABLE there";

export function createCallers({ door, anonymity, rate, nowMs }: CallersOptions): Callers {
  const pace = rate === undefined ? undefined : createPace(rate, nowMs);
  const giver = door.provesIdentity
    ? "whoever runs this coordinator gives one out"
    : "the discovery file has the one of this machine's user";
  const howToSignIn = `who is not signed in may only read; to write, ${HOW} (${giver})`;

  function shownBy(request: Request, authorization: string, sessionId: string): Caller | Barred {
    const admission = door.admitHeader(authorization, sessionId);
    if (admission === undefined) return unknown(OTHER_SCHEME);
    if (!("refused" in admission))
      return admission.admitted === "own" ? ownCaller(request, admission) : proven(admission.admitted, admission.holder);
    return admission.isKnown === true ? { status: 403, why: admission.refused, headers: {} } : unknown(admission.refused, "invalid_token");
  }

  async function anybody(wire: Wire | undefined): Promise<Caller | Barred> {
    if (anonymity === "nobody") return unknown(NONE);
    if (anonymity === "this-user" && (await wire?.peer()) === "other-user") return { status: 403, why: OTHER_USER, headers: {} };
    return ANYBODY;
  }

  /** What is refused counts for its address, so that nobody guesses faster than it may ask. */
  function paced(judged: Caller | Barred, wire: Wire | undefined): Caller | Barred {
    const caller = "kind" in judged ? judged : undefined;
    if (pace === undefined || caller?.kind === "own") return judged;
    const waitMs = pace.waitMs(caller?.identity?.fingerprint ?? `from ${networkOf(wire?.address ?? "")}`);
    if (waitMs === 0) return judged;
    const seconds = String(Math.ceil(waitMs / 1_000));
    return { status: 429, why: `more is asked than is answered here; ask again in ${seconds} s`, headers: { "retry-after": seconds } };
  }

  return {
    howToSignIn,
    async judge(request, _body, sessionId, wire) {
      const authorization = request.headers.get("authorization");
      return paced(authorization === null ? await anybody(wire) : shownBy(request, authorization, sessionId), wire);
    },
    sessionFor(request) {
      const authorization = request.headers.get("authorization");
      if (authorization === null) return Promise.resolve(anonymity === "nobody" ? unknown(NONE) : undefined);
      const judged = tokenIn(authorization) === undefined ? unknown(OTHER_SCHEME) : onlyOne(door.sessionsOf(authorization));
      return Promise.resolve(judged);
    },
    barredFromWriting: () => unknown(howToSignIn),
    stillHolds: ({ kind, identity }, sessionId) =>
      kind !== "proven" || identity === undefined || door.knows(identity.fingerprint, sessionId),
  };
}

/** The one that takes no part. */
const ANYBODY: Caller = { kind: "anybody", name: undefined, principal: undefined, identity: undefined, mayWrite: false };

function proven(identity: Identity, holder: string | undefined): Caller {
  const name = holder ?? `mcp:${identity.fingerprint.slice(0, 8)}`;
  return { kind: "proven", name, principal: undefined, identity, mayWrite: true };
}

/** What this machine's own program says of whom it speaks for is believed. */
function ownCaller(request: Request, admission: Extract<Admission, { admitted: unknown }>): Caller | Barred {
  const named = principalIn(request.headers.get("x-signalbox-principal"));
  if (named === null) return { status: 400, why: "X-Signalbox-Principal is no name in percent-encoded UTF-8", headers: {} };
  return { kind: "own", name: undefined, principal: named, identity: identityOf(admission, []), mayWrite: true };
}

/** Null for what is no name. */
function principalIn(header: string | null): string | undefined | null {
  if (header === null || header.trim() === "") return undefined;
  try {
    return PrincipalId.safeParse(decodeURIComponent(header.trim())).data ?? null;
  } catch {
    return null;
  }
}

function onlyOne(sessions: ReadonlySet<string> | undefined): string | Barred | undefined {
  if (sessions === undefined) return unknown("this token is not known here", "invalid_token");
  const [only, ...others] = sessions;
  return others.length === 0 && only !== ANY_SESSION ? only : undefined;
}

function unknown(why: string, error?: "invalid_token"): Barred {
  return {
    status: 401,
    why,
    headers: { "www-authenticate": `Bearer realm="signalbox"${error === undefined ? "" : `, error="${error}"`}` },
  };
}
