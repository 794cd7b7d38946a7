/** How whoever is not let through is told so, and what it could show instead. */
import { WRITE_SCOPE } from "./issuer.ts";
import type { Barred } from "./ports.ts";

/** What is taken here beside bearer tokens. */
export interface Offered {
  readonly signatures: boolean;
  /** Where a client learns whom to ask for a token, if there is anybody. */
  readonly metadata: string | undefined;
}

/** What a signature has to cover, as a server asks for one (RFC 9421, section 5). */
const ACCEPTED = 'sig=("@method" "@target-uri" "content-digest" "mcp-session-id");created;keyid;alg="ed25519"';

type Fault = "invalid_token" | "insufficient_scope";

/** @param fault - what is wrong with the token that was shown, if one was */
export function challenged(status: 401 | 403, why: string, { signatures, metadata }: Offered, fault?: Fault): Barred {
  const parts = [
    'realm="signalbox"',
    ...(fault === undefined ? [] : [`error="${fault}"`]),
    ...(metadata === undefined ? [] : [`scope="${WRITE_SCOPE}"`, `resource_metadata="${metadata}"`]),
  ];
  return {
    status,
    why,
    headers: { "www-authenticate": `Bearer ${parts.join(", ")}`, ...(signatures ? { "accept-signature": ACCEPTED } : {}) },
  };
}

/** A credential that is good, and not for this. */
export const forbidden = (why: string): Barred => ({ status: 403, why, headers: {} });

/** Later it may go better. */
export function putOff(status: 429 | 503, why: string, waitMs: number): Barred {
  const seconds = String(Math.max(1, Math.ceil(waitMs / 1_000)));
  return { status, why: `${why}; ask again in ${seconds} s`, headers: { "retry-after": seconds } };
}
