/**
 * Bearer tokens of an identity provider (OAuth 2.1): a JWT of the configured issuer, for this server and no other, says who its
 * bearer is and what it may do here. A bearer reads; it writes when the scope says so.
 */
import type { JWTPayload, JWTVerifyOptions } from "jose";
import type { Log } from "../../log.ts";
import type { IssuerSettings } from "../../wire/sign-in.ts";
import { ANY_SESSION } from "../../wire/credential-table.ts";
import { fingerprintOf, type Identity } from "../http/door.ts";
import { createIssuerKeys } from "./issuer-keys.ts";

/** What a token has to be given for that writes. */
export const WRITE_SCOPE = "signalbox:write";

/** Signatures of a key that the issuer keeps to itself, as no other here could have made them. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];

/** How far clocks may be apart, in seconds. */
const LEEWAY_S = 30;

/** What a bearer is whose token may write and names no roles. */
const WRITER = ["contributor"];

/** Characters of a role, and how many a token gives: as many as an entry of the token table may name. */
const MAX_ROLE = 128;
const MAX_ROLES = 64;

/** Longest token that is looked at, in characters. */
const MAX_TOKEN = 16 * 1024;

export interface Bearer {
  readonly identity: Identity;
  readonly name: string;
  readonly mayWrite: boolean;
  readonly expiresAtMs: number;
  readonly sessions: ReadonlySet<string>;
}

export type JudgedToken = { readonly bearer: Bearer } | { readonly refused: string } | { readonly silentForMs: number };

export interface Issuer {
  /** @param audiences - by which names the token may mean this server, when nobody configured one */
  judge(token: string, audiences: readonly string[]): Promise<JudgedToken>;
}

/** Whether a token is one that an issuer may have made. */
export const isJwt = (token: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token) && token.length <= MAX_TOKEN;

export interface IssuerOptions {
  readonly settings: IssuerSettings;
  readonly nowMs: () => number;
  readonly log: Pick<Log, "warn">;
}

export function createIssuer({ settings, nowMs, log }: IssuerOptions): Issuer {
  const keys = createIssuerKeys({ settings, nowMs, log });

  /** Undefined: it is signed with a key that is not known. */
  async function verify(token: string, audiences: readonly string[], wish: "any" | "newer"): Promise<JudgedToken | undefined> {
    // Only whoever has an issuer pays for it.
    const [{ jwtVerify }, { createLocalJWKSet }, found] = await Promise.all([
      import("jose/jwt/verify"),
      import("jose/jwks/local"),
      keys.find(wish),
    ]);
    if ("silentForMs" in found) return found;
    const options: JWTVerifyOptions = {
      issuer: settings.issuer,
      audience: [...(settings.audiences.length > 0 ? settings.audiences : audiences)],
      algorithms: ALGORITHMS,
      clockTolerance: LEEWAY_S,
      currentDate: new Date(nowMs()),
      requiredClaims: ["sub", "exp"],
    };
    try {
      const { payload } = await jwtVerify(token, createLocalJWKSet(found.keys), options);
      const bearer = bearerOf(payload, settings);
      return "refused" in bearer ? bearer : { bearer };
    } catch (fault) {
      const { code, claim } = fault as { readonly code?: string; readonly claim?: string };
      return code === "ERR_JWKS_NO_MATCHING_KEY" ? undefined : { refused: whyNot(code, claim) };
    }
  }

  return {
    async judge(token, audiences) {
      const judged = (await verify(token, audiences, "any")) ?? (await verify(token, audiences, "newer"));
      return judged ?? { refused: "this token is signed with a key that its issuer does not publish; sign in again" };
    },
  };
}

const WHY_NOT: ReadonlyMap<string | undefined, string> = new Map([
  ["ERR_JWT_EXPIRED", "this token has expired; sign in again"],
  ["ERR_JOSE_ALG_NOT_ALLOWED", "this token is signed in a way that is not taken here; its issuer has to use RS, PS or ES, or Ed25519"],
]);

function whyNot(code: string | undefined, claim: string | undefined): string {
  if (claim === "aud") return "this token is for another server; sign in for this one";
  if (code === "ERR_JWT_CLAIM_VALIDATION_FAILED")
    return `the claim ${claim ?? ""} of this token is missing or not right here; sign in again`;
  return WHY_NOT.get(code) ?? "this token cannot be verified; sign in again";
}

function bearerOf(claims: JWTPayload, settings: IssuerSettings): Bearer | { readonly refused: string } {
  const { sub, exp = 0 } = claims;
  const name = nameIn(claims["preferred_username"]) ?? nameIn(sub);
  if (typeof sub !== "string" || sub === "" || name === undefined)
    return { refused: "the claim sub of this token is no name; sign in as somebody" };
  const scopes = [...wordsIn(claims["scope"]), ...wordsIn(claims["scp"])];
  const mayWrite = scopes.includes(WRITE_SCOPE);
  const roles = claims["signalbox_roles"] === undefined ? (mayWrite ? WRITER : undefined) : rolesIn(claims["signalbox_roles"]);
  const identity = {
    method: "bearer_token",
    issuer: settings.issuer,
    fingerprint: fingerprintOf(JSON.stringify([settings.issuer, sub]), undefined),
    ...(roles === undefined ? {} : { roles }),
  };
  const sessions = claims["signalbox_sessions"] === undefined ? settings.sessions : wordsIn(claims["signalbox_sessions"]);
  return { identity, name, mayWrite, expiresAtMs: (exp + LEEWAY_S) * 1_000, sessions: new Set(sessions) };
}

const rolesIn = (claim: unknown): readonly string[] =>
  wordsIn(claim)
    .filter((role) => role.length <= MAX_ROLE)
    .slice(0, MAX_ROLES);

/** A list, or words between spaces, as issuers write both. */
function wordsIn(claim: unknown): readonly string[] {
  const words: readonly unknown[] = typeof claim === "string" ? claim.split(" ") : Array.isArray(claim) ? claim : [];
  return words.filter((word): word is string => typeof word === "string" && word !== "");
}

/** What the coordinator's own names begin with, and those of tokens without a holder. */
const RESERVED = /^(?:service|mcp):/;

/** A name that is nobody's family: what stands before a slash would be whoever has that name. */
function nameIn(claim: unknown): string | undefined {
  if (typeof claim !== "string") return undefined;
  const name = claim
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, "")
    .trim()
    .replaceAll("/", "-")
    .slice(0, 128)
    .replace(/[\ud800-\udbff]$/, "");
  return name === "" || RESERVED.test(name) ? undefined : name;
}

/** Whether a bearer's token opens a session. */
export const opens = ({ sessions }: Bearer, sessionId: string): boolean => sessions.has(sessionId) || sessions.has(ANY_SESSION);
