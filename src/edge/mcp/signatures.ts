/**
 * Requests that are signed with an Ed25519 key of the table, by HTTP Message Signatures (RFC 9421): what was signed must be all
 * that matters of this very request, lately, and never seen before.
 *
 * Of several signatures the one counts whose key is known here, so that one that somebody on the way added does no harm.
 */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import type { KeyTable } from "../../wire/key-table.ts";
import { ANY_SESSION } from "../../wire/credential-table.ts";
import { isUnder } from "../../wire/ids.ts";
import { fingerprintOf, type Identity } from "../http/door.ts";
import { createReplays } from "./replays.ts";
import { baseOf, coveredBy, isDigestRight, missingIn, type Signed } from "./signature-base.ts";
import { type InnerList, readDictionary } from "./structured-fields.ts";

/** How far from now a signature may have been made, in milliseconds. */
const WINDOW_MS = 300_000;
const WINDOW_S = WINDOW_MS / 1_000;

/** Whom a signature proves its request to be from, or why not. */
export type Judged =
  /** `stands`: whether this very key, and not another of its holder, opens the session still, as the same one. */
  { readonly identity: Identity; readonly holder: string | undefined; readonly stands: () => boolean } | Refused;

export type Refused =
  | { readonly refused: string; readonly because: "credential" | "session" }
  | { readonly refused: string; readonly because: "pace"; readonly waitMs: number };

export interface Signatures {
  /** A signature is taken once: whatever is asked of the same request again is refused. Not yet for a body that is to come. */
  judge(signed: Signed, sessionId: string): Judged;
  /** Takes the signature of a request that was judged before its body came; or why not. */
  take(signed: Brought): Refused | undefined;
  /** The sessions that the key opens by which these headers are signed, as they say themselves; undefined for one that nobody knows. */
  sessionsOf(headers: Headers): ReadonlySet<string> | undefined;
  /** Whether a key with that fingerprint opens the session. */
  knows(fingerprint: string, sessionId: string): boolean;
  /** As of tokens (`../http/door.ts`). */
  namesHolder(name: string): boolean;
  /** Goes by another table from now on. */
  renew(table: KeyTable): void;
}

/** What of a request says that its signature was used. */
export interface Brought {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** The issuer of those whom a key proves. */
export const KEYS = "key-table";

/** Whether a request says that it is signed. */
export const isSigned = (headers: Headers): boolean => headers.has("signature") || headers.has("signature-input");

interface Key {
  readonly key: KeyObject;
  /** As the table has it, in its one form. */
  readonly publicPart: string;
  readonly fingerprint: string;
  readonly sessions: ReadonlySet<string>;
  readonly holder: string | undefined;
  readonly roles: readonly string[] | undefined;
}

export interface SignaturesOptions {
  readonly table: KeyTable;
  /** When this process began, in milliseconds: what was signed before may have been taken by the one before it. */
  readonly beganAtMs: number;
  readonly nowMs: () => number;
}

export function createSignatures({ table, beganAtMs, nowMs }: SignaturesOptions): Signatures {
  const replays = createReplays(nowMs);
  let keys = keysOf(table);

  /** Why it cannot be taken for made now. */
  function staleness(parameters: InnerList["parameters"]): string | undefined {
    const [created, expires] = [parameters.get("created"), parameters.get("expires")];
    if (typeof created !== "number") return "its parameter created is missing; put the unix time in seconds there";
    if (Math.abs(nowMs() - created * 1_000) > WINDOW_MS)
      return `it was made more than ${WINDOW_S} s from now; look at the clock, and sign each request anew`;
    if (created * 1_000 < beganAtMs) return "it was made before this sidecar began; sign the request anew";
    if (expires === undefined) return undefined;
    return typeof expires === "number" && expires * 1_000 > nowMs() ? undefined : "it has expired; sign the request anew";
  }

  function taken(found: Found, brought: Brought): Refused | undefined {
    if (!isDigestRight(brought)) return refused("Content-Digest is not the sha-256 or sha-512 of the body");
    const created = found.input.parameters.get("created");
    const taken = replays.take(found.keyId, markOf(found), Number(created) * 1_000 + WINDOW_MS);
    if (taken === "first") return undefined;
    if (taken === "again") return refused(TAKEN);
    return { refused: "more was signed with this key than can be told apart; slow down", because: "pace", waitMs: taken.fullForMs };
  }

  return {
    judge(signed, sessionId) {
      const found = signatureIn(signed.headers, keys);
      if (typeof found === "string") return refused(found);
      const { input, signature, key } = found;
      const { headers, body } = signed;
      const flaw = flawOf(found, signed) ?? staleness(input.parameters);
      if (flaw !== undefined) return refused(`this signature is not enough: ${flaw}`);
      const covered = coveredBy(input) ?? [];
      const base = baseOf(input, covered, signed);
      if (base === undefined) return refused("the signature covers something that this request does not have");
      if (!verify(null, Buffer.from(base, "latin1"), key.key, signature)) {
        return refused(
          "the signature is not of this request; sign the request as it is sent, under the address that SIGNALBOX_PUBLIC_URL says",
        );
      }
      // Of one that is known already no body is read.
      if (replays.has(found.keyId, markOf(found))) return refused(TAKEN);
      const barred = body === "to come" ? undefined : taken(found, { headers, body });
      if (barred !== undefined) return barred;
      if (!opens(key, sessionId)) return { refused: "this key is not for this session; use one that it names", because: "session" };
      const isSame = (one: Key): boolean => one.publicPart === key.publicPart && one.fingerprint === key.fingerprint;
      const stands = (): boolean => [...keys.values()].some((one) => isSame(one) && opens(one, sessionId));
      return { identity: identityOf(key), holder: key.holder, stands };
    },
    take(brought) {
      const found = signatureIn(brought.headers, keys);
      return typeof found === "string" ? refused(found) : taken(found, brought);
    },
    sessionsOf(headers) {
      const found = signatureIn(headers, keys);
      return typeof found === "string" ? undefined : found.key.sessions;
    },
    knows: (fingerprint, sessionId) => [...keys.values()].some((key) => key.fingerprint === fingerprint && opens(key, sessionId)),
    namesHolder: (name) => [...keys.values()].some(({ holder }) => holder !== undefined && isUnder(name, holder)),
    renew(next) {
      keys = keysOf(next);
    },
  };
}

const TAKEN = "this signature was taken already; sign each request anew, with a nonce";

/** By what it is told from others of its key. */
function markOf({ input, signature }: Found): string {
  const nonce = input.parameters.get("nonce");
  return createHash("sha256")
    .update(typeof nonce === "string" ? `nonce ${nonce}` : signature)
    .digest("base64");
}

const refused = (why: string): Refused => ({ refused: why, because: "credential" });
const opens = ({ sessions }: Key, sessionId: string): boolean => sessions.has(sessionId) || sessions.has(ANY_SESSION);

function identityOf({ fingerprint, roles }: Key): Identity {
  return { method: "custom", issuer: KEYS, fingerprint, ...(roles === undefined ? {} : { roles }) };
}

function keysOf(table: KeyTable): ReadonlyMap<string, Key> {
  return new Map(
    Object.entries(table).map(([keyId, { public_key: x, allowed_sessions, roles, holder }]) => {
      const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
      return [
        keyId,
        { key, publicPart: x, fingerprint: fingerprintOf(`key ${x}`, holder), sessions: new Set<string>(allowed_sessions), roles, holder },
      ];
    }),
  );
}

interface Found {
  readonly keyId: string;
  readonly key: Key;
  readonly input: InnerList;
  readonly signature: Uint8Array;
}

/** The one signature by a key that is known; or why there is none. */
function signatureIn(headers: Headers, keys: ReadonlyMap<string, Key>): Found | string {
  const [inputs, signatures] = ["signature-input", "signature"].map((name) => readDictionary(headers.get(name) ?? ""));
  if (inputs === undefined || signatures === undefined)
    return "Signature-Input and Signature cannot be read; write both as RFC 9421 has them, each label once";
  const found = [...inputs].flatMap(([label, input]): Found[] => {
    const made = signatures.get(label);
    const signature = made !== undefined && "value" in made ? made.value : undefined;
    if (!("items" in input) || !(signature instanceof Uint8Array)) return [];
    const keyId = input.parameters.get("keyid");
    const key = typeof keyId === "string" ? keys.get(keyId) : undefined;
    return typeof keyId === "string" && key !== undefined ? [{ keyId, key, input, signature }] : [];
  });
  const [only, ...others] = found;
  if (only === undefined)
    return "no signature here names a key that is known; give its id as keyid, and ask whoever runs the coordinator to list it";
  return others.length === 0 ? only : "several signatures name keys that are known here; send one";
}

/** What is wrong with how it is made, before it is looked at what it is of. */
function flawOf({ input, signature }: Found, signed: Signed): string | undefined {
  const covered = coveredBy(input);
  if (covered === undefined) return "it covers a part twice, or with a parameter, which is not read here";
  const [algorithm, nonce] = [input.parameters.get("alg"), input.parameters.get("nonce")];
  if (algorithm !== undefined && algorithm !== "ed25519") return "its alg is not ed25519, and no other is known here";
  if (nonce !== undefined && (typeof nonce !== "string" || nonce === "")) return "its nonce is no text";
  const missing = missingIn(covered, signed);
  if (missing.length > 0) return `it has to cover ${missing.join(" and ")} too`;
  return signature.length === 64 ? undefined : "an Ed25519 signature has 64 bytes";
}
