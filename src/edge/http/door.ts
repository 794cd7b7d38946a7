/**
 * Who may come in: what a connection presents, held against what the operator has given out.
 *
 * A token that was given out is known by its hash from the first line on and compared with every entry in the same time, so
 * that neither a log nor a clock tells one. What goes on from here to the session is a fingerprint.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { ANY_SESSION } from "../../wire/credential-table.ts";
import { isUnder } from "../../wire/ids.ts";
import type { TokenTable } from "../../wire/token-table.ts";

/** Whom a credential proves its bearer to be, as far as a session may know. */
export interface Identity {
  /** The type of the credential, as MPAC names it (SPEC 23.1.4). */
  readonly method: string;
  readonly issuer: string;
  /** Tells one credential from another, and the same again after a restart. */
  readonly fingerprint: string;
  /** What its bearer is; undefined where the session's own policy decides. */
  readonly roles?: readonly string[];
}

/**
 * `own`: whoever could read the discovery file, and so is this machine's own user. `holder`: the name that the operator gave
 * the token's bearer; a session does not know it.
 */
export type Admission =
  | {
      readonly admitted: "own" | Identity;
      readonly holder?: string;
      /** Whether this very credential, and not another of its holder, would be let in now as the same one; missing where it always would. */
      readonly stands?: () => boolean;
    }
  /** `isKnown`: it was given out, and for other sessions. */
  | { readonly refused: string; readonly isKnown?: true };

export interface Door {
  /** Whether nobody comes in without a credential. */
  readonly isShut: boolean;
  /** Whether a credential tells one person from another, which the token of the discovery file does not. */
  readonly provesIdentity: boolean;
  /** Judges the credential of a HELLO; `credential` is whatever stands there. */
  admit(credential: unknown, sessionId: string): Admission;
  /** Whether a credential with that fingerprint would be let into the session: it may have been given out in an earlier life. */
  knows(fingerprint: string, sessionId: string): boolean;
  /** Whether the operator gave a token to somebody whose names that one's would be taken for. */
  namesHolder(name: string): boolean;
  /** Goes by another table from now on; whoever was let in by the one before is for others to send away. */
  renew(table: TokenTable): void;
  /** Judges the `Authorization` header of a handshake; undefined when it has none that says something. */
  admitHeader(header: string | undefined, sessionId: string): Admission | undefined;
  /** The sessions that the token of such a header opens, `*` for all; undefined for one that nobody gave out. */
  sessionsOf(header: string): ReadonlySet<string> | undefined;
}

export interface DoorOptions {
  readonly table?: TokenTable | undefined;
  /** The token of the discovery file. */
  readonly own: string;
  /** Whether that one is wanted of everybody who has none of a table. */
  readonly wantsOwn?: boolean;
  readonly nowMs?: () => number;
}

/** Credentials that say who somebody is by a certificate, which nobody here has looked at. */
const BY_CERTIFICATE: ReadonlySet<string> = new Set(["mtls_fingerprint", "x509_chain"]);

const BEARER = "bearer_token";

/** Credentials that are a token; any other type is `custom` (SPEC 23.1.4), and its own words are not kept. */
const BY_TOKEN: ReadonlySet<string> = new Set([BEARER, "api_key"]);

/** The member that HELLO is told to have. */
const HOW = `put {"type":"${BEARER}","value":"<token>"} into the credential of HELLO, or Authorization: Bearer into the handshake`;

const hashed = (token: string): Buffer => createHash("sha256").update("signalbox token\0").update(token).digest();

const UNKNOWN = "this token is not known here; ask whoever runs the coordinator for one";
const NOT_OWN = "this is not the token of the discovery file, which every client has to bring here; a bridge reads it by itself";

export function createDoor({ table, own, wantsOwn = false, nowMs = Date.now }: DoorOptions): Door {
  let entries = entriesOf(table ?? {});
  const ownBytes = Buffer.from(own);

  function find(token: string) {
    // This process has that one anyhow: it is compared as it is, in the same time whatever it differs in.
    const given = Buffer.from(token);
    if (given.length === ownBytes.length && timingSafeEqual(given, ownBytes)) return "own";
    const hash = hashed(token);
    // Every entry is looked at, whichever fits.
    const [found] = entries.filter((entry) => timingSafeEqual(entry.hash, hash));
    return found;
  }

  function judge(token: string, method: string, sessionId: string): Admission {
    const found = find(token);
    if (found === "own") return { admitted: found };
    if (found === undefined) return { refused: table === undefined ? NOT_OWN : UNKNOWN };
    if (!opens(found, sessionId)) {
      return { refused: "this token is not for this session; join one that it names", isKnown: true };
    }
    const { hash, fingerprint, roles, holder } = found;
    const admitted = { method, issuer: "token-table", fingerprint, ...(roles === undefined ? {} : { roles }) };
    // What it is compared with here is no secret of anybody's.
    const isSame = (entry: typeof found): boolean => entry.hash.equals(hash) && entry.fingerprint === fingerprint;
    const stands = (): boolean => entries.some((entry) => isSame(entry) && opens(entry, sessionId));
    return { admitted, stands, ...(holder === undefined ? {} : { holder }) };
  }

  return {
    isShut: table !== undefined || wantsOwn,
    provesIdentity: table !== undefined,
    admit(credential, sessionId) {
      if (typeof credential !== "object" || credential === null) return { refused: `a credential is needed here: ${HOW}` };
      const { type = BEARER, value, expires_at: ends } = credential as Readonly<Record<string, unknown>>;
      if (typeof value !== "string" || value === "" || typeof type !== "string") return { refused: `the credential has no value: ${HOW}` };
      if (BY_CERTIFICATE.has(type)) return { refused: `a credential of the type ${type} cannot be verified here: ${HOW}` };
      if (typeof ends === "string" && Date.parse(ends) <= nowMs()) {
        return { refused: `the credential says itself that it has expired; bring one that holds: ${HOW}` };
      }
      return judge(value, BY_TOKEN.has(type) ? type : "custom", sessionId);
    },
    knows: (fingerprint, sessionId) => entries.some((entry) => entry.fingerprint === fingerprint && opens(entry, sessionId)),
    namesHolder: (name) => entries.some(({ holder }) => holder !== undefined && isUnder(name, holder)),
    renew(next) {
      entries = entriesOf(next);
    },
    admitHeader(header, sessionId) {
      const token = tokenIn(header);
      return token === undefined ? undefined : judge(token, BEARER, sessionId);
    },
    sessionsOf(header) {
      const found = find(tokenIn(header) ?? "");
      return found === "own" ? new Set([ANY_SESSION]) : found?.sessions;
    },
  };
}

/** The token of a header that has one and nothing else. */
export function tokenIn(header: string | undefined): string | undefined {
  return /^bearer +(\S+)$/i.exec(header ?? "")?.[1];
}

/**
 * By what a session tells the bearers of a credential from others, which says nothing of it. Credentials of one holder are
 * one, so that the names stay when one is changed for another.
 */
export function fingerprintOf(credential: string, holder: string | undefined): string {
  return hashed(holder === undefined ? credential : `holder\0${holder}`)
    .toString("hex")
    .slice(0, 16);
}

function opens({ sessions }: { readonly sessions: ReadonlySet<string> }, sessionId: string): boolean {
  return sessions.has(sessionId) || sessions.has(ANY_SESSION);
}

function entriesOf(table: TokenTable) {
  return Object.entries(table).map(([token, { allowed_sessions, roles, holder }]) => {
    const hash = hashed(token);
    const fingerprint = fingerprintOf(token, holder);
    return { hash, fingerprint, sessions: new Set<string>(allowed_sessions), roles, holder };
  });
}

/** The issuer and the fingerprint of the token in the discovery file, which is another one in each life of a sidecar. */
const OWN = { method: BEARER, issuer: "discovery-file", fingerprint: "own" };

/** What a session knows of somebody who was let in. This machine's own user is whatever it asks to be. */
export function identityOf({ admitted }: Extract<Admission, { admitted: unknown }>, asked: readonly string[]): Identity {
  return admitted === "own" ? { ...OWN, roles: asked.length === 0 ? ["contributor"] : asked } : admitted;
}
