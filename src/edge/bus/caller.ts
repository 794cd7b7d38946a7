/**
 * Who speaks to the bus, and in whose name: whoever is known may use its own name and names under it, `<principal>/…`; a
 * name that nobody proves is stored as asserted.
 *
 * Known are a principal that this machine's bridge names beside the token of the discovery file, and the bearer of a token
 * of the table: by the holder that the table names, and by the names that the session knows its credential to have joined
 * under. The secret of the bus says that somebody may write, and nothing of who it is.
 */
import type { Proof } from "../../wire/board.ts";
import { isUnder } from "../../wire/ids.ts";
import type { Admission, Door } from "../http/door.ts";
import type { Peer } from "../http/peer.ts";
import { type Answer, failed } from "./answers.ts";

export type Caller =
  /** This machine's own user, by the token of the discovery file: a person's own program, or a bridge for a principal. */
  | { readonly kind: "own"; readonly principal: string | undefined }
  | { readonly kind: "token"; readonly holder: string | undefined; readonly fingerprint: string }
  | { readonly kind: "anybody" };

export interface Greeting {
  readonly authorization: string | undefined;
  /** `X-Signalbox-Principal`, percent-encoded. */
  readonly principal: string | undefined;
  readonly sessionId: string;
  /** Asked when the answer matters. */
  readonly peer: () => Promise<Peer>;
}

const BEARER = { "www-authenticate": "Bearer" };

/** Who it is, or why nobody is let in. */
export async function callerOf(door: Door, { authorization, principal, sessionId, peer }: Greeting): Promise<Caller | Answer> {
  const admission: Admission | undefined = door.admitHeader(authorization, sessionId);
  if (admission === undefined) {
    if (door.isShut) return failed(401, "a token is needed here; send Authorization: Bearer <token>", BEARER);
    if ((await peer()) !== "other-user") return { kind: "anybody" };
    return failed(403, "this sidecar serves another user of this machine; start one of your own, or ask for MPAC_TOKEN_TABLE there");
  }
  if ("refused" in admission) return failed(401, admission.refused, BEARER);
  if (admission.admitted !== "own") return { kind: "token", holder: admission.holder, fingerprint: admission.admitted.fingerprint };
  const named = decoded(principal);
  return named === null ? failed(422, "X-Signalbox-Principal is not percent-encoded UTF-8") : { kind: "own", principal: named };
}

function decoded(header: string | undefined): string | undefined | null {
  if (header === undefined || header.trim() === "") return undefined;
  try {
    return decodeURIComponent(header.trim());
  } catch {
    return null;
  }
}

/** Whose credential a session knows a name, or the family of a name, to belong to. */
export type Fingerprints = (names: readonly string[]) => Promise<ReadonlyMap<string, string>>;

/** What stands behind the name that a caller goes by; nothing for one that is only asserted. */
export async function proofOf(
  caller: Caller,
  name: string,
  member: "owner" | "sender",
  fingerprintsOf: Fingerprints,
): Promise<{ readonly proof: Proof | undefined } | Answer> {
  if (caller.kind === "anybody") return { proof: undefined };
  if (caller.kind === "own") {
    const { principal } = caller;
    if (principal === undefined) return { proof: undefined };
    return isUnder(principal, name) ? { proof: { principal, by: "bridge" } } : notYours(member, principal);
  }
  const { holder, fingerprint } = caller;
  if (holder !== undefined && isUnder(holder, name)) return { proof: { principal: holder, by: "token" } };
  const names = prefixesOf(name);
  const known = await fingerprintsOf(names);
  const own = names.find((one) => known.get(one) === fingerprint);
  if (own !== undefined) return { proof: { principal: own, by: "token" } };
  if (holder !== undefined) return notYours(member, holder);
  if (known.size === 0) return { proof: undefined };
  return failed(403, `${member} is a name of somebody else's in this session; use one that you joined it under`);
}

/** The name itself and what stands before each of its slashes, the longest first. */
function prefixesOf(name: string): string[] {
  const ends = [...name.matchAll(/\//g)].map(({ index }) => index).filter((index) => index > 0);
  return [name, ...ends.reverse().map((index) => name.slice(0, index))];
}

function notYours(member: string, principal: string): Answer {
  return failed(403, `${member} must be ${principal} or begin with ${principal}/, because that is who you are here`);
}
