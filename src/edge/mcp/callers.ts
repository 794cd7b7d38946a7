/**
 * Who sent this very request, by what it shows itself: a token, a signature, or nothing.
 *
 * What a request shows and what does not hold is never taken for nothing: whoever meant to be known is told that it is not. No
 * other request says anything about this one, and no id of an MCP session does. Where there is an Authorization, it alone counts:
 * a signature beside it may be from somebody on the way.
 */
import type { Log } from "../../log.ts";
import { PrincipalId } from "../../wire/ids.ts";
import type { KeyTable } from "../../wire/key-table.ts";
import type { SignIn } from "../../wire/sign-in.ts";
import { ANY_SESSION } from "../../wire/credential-table.ts";
import { type Door, identityOf, type Identity, tokenIn } from "../http/door.ts";
import { createPace, networkOf } from "../http/pace.ts";
import type { Rate } from "../http/rate.ts";
import { challenged, forbidden, type Offered, putOff } from "./challenge.ts";
import { type Bearer, createIssuer, isJwt, opens, WRITE_SCOPE } from "./issuer.ts";
import { audiencesOf, baseOf, metadataUrl } from "./metadata.ts";
import type { Barred, Caller, Callers, Wire } from "./ports.ts";
import { createSignatures, isSigned, KEYS, type Refused } from "./signatures.ts";
import { besideNamesake } from "./visitor/names.ts";

export interface CallersOptions {
  readonly door: Door;
  readonly signIn: SignIn;
  readonly isHosted: boolean;
  /** When this process began, in milliseconds. */
  readonly beganAtMs: number;
  /** How fast whoever is not this machine's own user may ask; as fast as it can without one. */
  readonly rate?: Rate | undefined;
  readonly nowMs: () => number;
  readonly log: Pick<Log, "warn">;
}

export interface RenewableCallers extends Callers {
  /** Goes by another table of keys from now on, where there was one. */
  renewKeys(table: KeyTable): void;
}

/** A request as it is judged. */
interface Asked {
  readonly request: Request;
  readonly body: Uint8Array | "to come";
  readonly sessionId: string;
  readonly wire: Wire | undefined;
}

const HOW = "send Authorization: Bearer <token> with each request";
const OTHER_SCHEME = `this Authorization cannot be read here; ${HOW}, one token and nothing else`;
const OTHER_USER = "this sidecar serves another user of this machine; start one of your own, or ask for MPAC_TOKEN_TABLE there";

export function createCallers({ door, signIn, isHosted, beganAtMs, rate, nowMs, log }: CallersOptions): RenewableCallers {
  const { publicUrl } = signIn;
  const pace = rate === undefined ? undefined : createPace(rate, nowMs);
  const signatures = signIn.keys === undefined ? undefined : createSignatures({ table: signIn.keys, beganAtMs, nowMs });
  const issuer = signIn.issuer === undefined ? undefined : createIssuer({ settings: signIn.issuer, nowMs, log });
  const anonymity = anonymityOf(signIn, door, isHosted);
  const how = howTo(door, signatures !== undefined, signIn.issuer?.issuer);
  const howToSignIn = `who is not signed in may only read; to write, ${how}`;
  const none = `a credential is needed here: ${how}`;

  const offeredTo = (request: Request): Offered => ({
    signatures: signatures !== undefined,
    metadata: issuer === undefined ? undefined : metadataUrl(baseOf(publicUrl, request), new URL(request.url).pathname),
  });
  const unknown = (request: Request, why: string, fault?: "invalid_token"): Barred => challenged(401, why, offeredTo(request), fault);

  function byShown(asked: Asked): Promise<Caller | Barred> | Caller | Barred {
    const { headers } = asked.request;
    const authorization = headers.get("authorization");
    if (authorization !== null) return byToken(asked, authorization);
    return isSigned(headers) ? bySignature(asked) : anybody(asked);
  }

  function byToken(asked: Asked, authorization: string): Promise<Caller | Barred> | Caller | Barred {
    const { request, sessionId } = asked;
    const admission = door.admitHeader(authorization, sessionId);
    if (admission === undefined) return unknown(request, OTHER_SCHEME);
    if (!("refused" in admission))
      return admission.admitted === "own" ? ownCaller(request) : proven(admission.admitted, admission.holder, admission.stands);
    if (admission.isKnown === true) return forbidden(admission.refused);
    return byIssuer(asked, authorization, admission.refused);
  }

  /** Undefined where no issuer can have made the token. */
  async function askIssuer(request: Request, authorization: string, sessionId?: string, wire?: Wire): Promise<Bearer | Barred | undefined> {
    const token = tokenIn(authorization) ?? "";
    if (issuer === undefined || !isJwt(token)) return undefined;
    const judged = await issuer.judge(token, audiencesOf(baseOf(publicUrl, request, wire?.port), sessionId));
    if ("bearer" in judged) return judged.bearer;
    if ("refused" in judged) return unknown(request, judged.refused, "invalid_token");
    return putOff(503, "the issuer of this token does not answer, so that nobody can tell whose it is", judged.silentForMs);
  }

  async function byIssuer({ request, sessionId, wire }: Asked, authorization: string, otherwise: string): Promise<Caller | Barred> {
    const bearer = await askIssuer(request, authorization, sessionId, wire);
    if (bearer === undefined) return unknown(request, otherwise, "invalid_token");
    if ("status" in bearer) return bearer;
    if (!opens(bearer, sessionId)) return forbidden("this token is not for this session; ask whoever runs the coordinator to let you in");
    const { name, identity, mayWrite, expiresAtMs } = bearer;
    const caller: Caller = { kind: "proven", name, principal: undefined, identity, mayWrite, expiresAtMs };
    // Whom the operator named is nobody else, whatever people call themselves at the issuer.
    return door.namesHolder(name) || signatures?.namesHolder(name) === true ? besideNamesake(caller) : caller;
  }

  function bySignature({ request, body, sessionId, wire }: Asked): Caller | Barred {
    if (signatures === undefined) return unknown(request, `requests are signed with no key that is known here; ${HOW}`);
    const { method, headers, url } = request;
    const { pathname, search } = new URL(url);
    const target = new URL(`${baseOf(publicUrl, request, wire?.port)}${pathname}${search}`);
    const judged = signatures.judge({ method, target, headers, body }, sessionId);
    return "identity" in judged ? proven(judged.identity, judged.holder, judged.stands) : barredBySignature(request, judged);
  }

  function barredBySignature(request: Request, refused: Refused): Barred {
    if (refused.because === "pace") return putOff(429, refused.refused, refused.waitMs);
    return refused.because === "session" ? forbidden(refused.refused) : unknown(request, refused.refused);
  }

  async function anybody({ request, wire }: Asked): Promise<Caller | Barred> {
    if (anonymity === "nobody") return unknown(request, none);
    return anonymity === "this-user" && (await wire?.peer()) === "other-user" ? forbidden(OTHER_USER) : ANYBODY;
  }

  /** What is refused counts for its address, so that nobody guesses faster than it may ask. */
  function paced<Judged extends Caller | Barred>(judged: Judged, wire: Wire | undefined): Judged | Barred {
    return tooFast("status" in judged ? undefined : judged, wire, 1) ?? judged;
  }

  function tooFast(caller: Caller | undefined, wire: Wire | undefined, requests: number): Barred | undefined {
    if (pace === undefined || caller?.kind === "own" || requests === 0) return undefined;
    const waitMs = pace.waitMs(caller?.identity?.fingerprint ?? `from ${networkOf(wire?.address ?? "")}`, requests);
    return waitMs === 0 ? undefined : putOff(429, "more is asked than is answered here", waitMs);
  }

  async function sessionsOf(request: Request): Promise<ReadonlySet<string> | Barred> {
    const { headers } = request;
    const authorization = headers.get("authorization");
    if (authorization === null) {
      if (isSigned(headers))
        return signatures?.sessionsOf(headers) ?? unknown(request, "this request is signed with no key that is known here");
      return anonymity === "nobody" ? unknown(request, none) : EVERY;
    }
    if (tokenIn(authorization) === undefined) return unknown(request, OTHER_SCHEME);
    const sessions = door.sessionsOf(authorization);
    if (sessions !== undefined) return sessions;
    const bearer = await askIssuer(request, authorization);
    if (bearer === undefined) return unknown(request, "this token is not known here", "invalid_token");
    return "status" in bearer ? bearer : bearer.sessions;
  }

  return {
    howToSignIn,
    async judge(request, body, sessionId, wire) {
      return paced(await byShown({ request, body, sessionId, wire }), wire);
    },
    barredByNumber: (caller, further, wire) => tooFast(caller, wire, further),
    barredByBody(request, body) {
      const { headers } = request;
      if (signatures === undefined || headers.has("authorization") || !isSigned(headers)) return undefined;
      const refused = signatures.take({ headers, body });
      return refused === undefined ? undefined : barredBySignature(request, refused);
    },
    async sessionFor(request, wire) {
      const sessions = await sessionsOf(request);
      if ("status" in sessions) return paced(sessions, wire);
      const [only, ...others] = sessions;
      return others.length === 0 && only !== ANY_SESSION ? only : undefined;
    },
    barredFromWriting({ kind }, request) {
      if (kind === "anybody") return unknown(request, howToSignIn);
      const why = `this token may only read; sign in again and ask for the scope ${WRITE_SCOPE}`;
      return challenged(403, why, offeredTo(request), "insufficient_scope");
    },
    stillHolds({ kind, identity, expiresAtMs }, sessionId) {
      if (kind !== "proven" || identity === undefined) return true;
      if (expiresAtMs !== undefined) return nowMs() < expiresAtMs;
      return identity.issuer === KEYS
        ? (signatures?.knows(identity.fingerprint, sessionId) ?? false)
        : door.knows(identity.fingerprint, sessionId);
    },
    renewKeys: (table) => signatures?.renew(table),
  };
}

/** Who may read without a credential; `this-user`: who is not known to be another user of this machine. */
function anonymityOf({ anonymousRead }: SignIn, door: Door, isHosted: boolean): "nobody" | "this-user" | "everybody" {
  if (anonymousRead !== undefined) return anonymousRead ? "everybody" : "nobody";
  return isHosted || door.isShut ? "nobody" : "this-user";
}

/** This machine's own user. */
const OWN: Caller = {
  kind: "own",
  name: undefined,
  principal: undefined,
  identity: identityOf({ admitted: "own" }, []),
  mayWrite: true,
};

/** The one that takes no part. */
const ANYBODY: Caller = { kind: "anybody", name: undefined, principal: undefined, identity: undefined, mayWrite: false };
const EVERY: ReadonlySet<string> = new Set([ANY_SESSION]);

function proven(identity: Identity, holder: string | undefined, stands: Caller["stands"]): Caller {
  const name = holder ?? `mcp:${identity.fingerprint.slice(0, 8)}`;
  return { kind: "proven", name, principal: undefined, identity, mayWrite: true, stands };
}

/** What this machine's own program says of whom it speaks for is believed. */
function ownCaller(request: Request): Caller | Barred {
  const named = principalIn(request.headers.get("x-signalbox-principal"));
  if (named === null) return { status: 400, why: "X-Signalbox-Principal is no name in percent-encoded UTF-8", headers: {} };
  return named === undefined ? OWN : { ...OWN, principal: named };
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

function howTo(door: Door, signs: boolean, issuer: string | undefined): string {
  const ways = [
    door.provesIdentity ? "whoever runs this coordinator gives one out" : "the discovery file has the one of this machine's user",
    ...(issuer === undefined ? [] : [`${issuer} issues one`]),
    ...(signs ? ["or sign each request with a key that is known here"] : []),
  ];
  return `${HOW}: ${ways.join(", ")}`;
}
