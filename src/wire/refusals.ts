/**
 * Every way a command can be refused, and how each edge says so.
 *
 * A refusal is a returned value with one of these codes. The table is complete by type: a new code does not compile
 * until every edge knows how to render it.
 */
import type { MpacErrorCode } from "./mpac/codes.ts";
import type { JsonObject } from "./json.ts";

interface Rendering {
  readonly mpac: MpacErrorCode;
  readonly http: number;
  /** Exit code of a command line that ends with this refusal. */
  readonly exit: number;
  /** Whether the same command may succeed later without anybody changing it. */
  readonly retryable: boolean;
}

export const REFUSALS = {
  "message/malformed": { mpac: "MALFORMED_MESSAGE", http: 422, exit: 2, retryable: false },
  "message/unsupported": { mpac: "CAPABILITY_UNSUPPORTED", http: 501, exit: 2, retryable: false },
  "message/replayed": { mpac: "REPLAY_DETECTED", http: 409, exit: 2, retryable: false },
  "credential/rejected": { mpac: "CREDENTIAL_REJECTED", http: 401, exit: 3, retryable: false },
  "peer/other-user": { mpac: "AUTHORIZATION_FAILED", http: 403, exit: 3, retryable: false },
  "session/not-joined": { mpac: "INVALID_REFERENCE", http: 401, exit: 3, retryable: false },
  "session/other-sender": { mpac: "AUTHORIZATION_FAILED", http: 403, exit: 3, retryable: false },
  "session/profile-unsupported": { mpac: "CAPABILITY_UNSUPPORTED", http: 501, exit: 2, retryable: false },
  "session/closed": { mpac: "SESSION_CLOSED", http: 410, exit: 5, retryable: false },
  "principal/no-authority": { mpac: "AUTHORIZATION_FAILED", http: 403, exit: 3, retryable: false },
  "principal/unknown": { mpac: "INVALID_REFERENCE", http: 404, exit: 5, retryable: false },
  "backend/switch-denied": { mpac: "BACKEND_SWITCH_DENIED", http: 403, exit: 3, retryable: false },
  "principal/name-taken": { mpac: "AUTHORIZATION_FAILED", http: 409, exit: 3, retryable: false },
  "principal/other-credential": { mpac: "AUTHORIZATION_FAILED", http: 403, exit: 3, retryable: false },
  "principal/no-role": { mpac: "AUTHORIZATION_FAILED", http: 403, exit: 3, retryable: false },
  "scope/frozen": { mpac: "SCOPE_FROZEN", http: 423, exit: 4, retryable: true },
  "scope/refused": { mpac: "MALFORMED_MESSAGE", http: 422, exit: 2, retryable: false },
  "intent/held": { mpac: "STALE_INTENT", http: 409, exit: 4, retryable: true },
  "intent/backoff": { mpac: "INTENT_BACKOFF", http: 429, exit: 4, retryable: true },
  "intent/not-suspended": { mpac: "INVALID_REFERENCE", http: 409, exit: 5, retryable: false },
  "intent/unknown": { mpac: "INVALID_REFERENCE", http: 404, exit: 5, retryable: false },
  "intent/ended": { mpac: "INVALID_REFERENCE", http: 409, exit: 5, retryable: false },
  "intent/not-owner": { mpac: "AUTHORIZATION_FAILED", http: 403, exit: 3, retryable: false },
  "intent/suspended": { mpac: "INVALID_REFERENCE", http: 409, exit: 4, retryable: true },
  "intent/fence-passed": { mpac: "INVALID_REFERENCE", http: 409, exit: 5, retryable: false },
  "claim/unknown": { mpac: "INVALID_REFERENCE", http: 404, exit: 5, retryable: false },
  "claim/taken": { mpac: "CLAIM_CONFLICT", http: 409, exit: 4, retryable: false },
  "claim/not-pending": { mpac: "INVALID_REFERENCE", http: 409, exit: 5, retryable: false },
  "conflict/unknown": { mpac: "INVALID_REFERENCE", http: 404, exit: 5, retryable: false },
  "conflict/ended": { mpac: "INVALID_REFERENCE", http: 409, exit: 5, retryable: false },
  "conflict/resolved": { mpac: "RESOLUTION_CONFLICT", http: 409, exit: 5, retryable: false },
  "conflict/escalated": { mpac: "INVALID_REFERENCE", http: 409, exit: 4, retryable: false },
  "conflict/unrelated": { mpac: "INVALID_REFERENCE", http: 422, exit: 2, retryable: false },
  "conflict/not-party": { mpac: "AUTHORIZATION_FAILED", http: 403, exit: 3, retryable: false },
  "operation/unknown": { mpac: "INVALID_REFERENCE", http: 404, exit: 5, retryable: false },
  "operation/not-committed": { mpac: "INVALID_REFERENCE", http: 409, exit: 5, retryable: false },
  "operation/not-proposed": { mpac: "INVALID_REFERENCE", http: 409, exit: 5, retryable: false },
  "operation/not-authorized": { mpac: "AUTHORIZATION_FAILED", http: 403, exit: 4, retryable: true },
  "operation/intent-needed": { mpac: "INVALID_REFERENCE", http: 422, exit: 2, retryable: false },
  "operation/too-many": { mpac: "MALFORMED_MESSAGE", http: 422, exit: 4, retryable: true },
  "operation/not-owner": { mpac: "AUTHORIZATION_FAILED", http: 403, exit: 3, retryable: false },
  "operation/stale": { mpac: "STALE_STATE_REF", http: 409, exit: 4, retryable: false },
  "lane/held": { mpac: "STALE_INTENT", http: 409, exit: 4, retryable: true },
  "lane/not-held": { mpac: "INVALID_REFERENCE", http: 409, exit: 5, retryable: false },
  "lane/no-place": { mpac: "INVALID_REFERENCE", http: 404, exit: 5, retryable: false },
  "lane/too-many": { mpac: "STALE_INTENT", http: 429, exit: 4, retryable: true },
  "board/no-message": { mpac: "INVALID_REFERENCE", http: 404, exit: 5, retryable: false },
  "board/not-flagged": { mpac: "INVALID_REFERENCE", http: 409, exit: 5, retryable: false },
  "mail/name-claimed": { mpac: "AUTHORIZATION_FAILED", http: 409, exit: 3, retryable: false },
  "mail/not-registered": { mpac: "INVALID_REFERENCE", http: 401, exit: 3, retryable: false },
  "mail/malformed": { mpac: "MALFORMED_MESSAGE", http: 422, exit: 2, retryable: false },
  "mail/other-sender": { mpac: "AUTHORIZATION_FAILED", http: 403, exit: 3, retryable: false },
  "mail/unknown-peer": { mpac: "INVALID_REFERENCE", http: 404, exit: 5, retryable: false },
  "mail/too-large": { mpac: "MALFORMED_MESSAGE", http: 413, exit: 2, retryable: false },
  "mcp/too-many-sessions": { mpac: "STORE_UNAVAILABLE", http: 503, exit: 4, retryable: true },
  "mcp/too-many-subscriptions": { mpac: "MALFORMED_MESSAGE", http: 422, exit: 2, retryable: false },
  "mcp/unknown-session": { mpac: "INVALID_REFERENCE", http: 404, exit: 5, retryable: false },
  "id/taken": { mpac: "INVALID_REFERENCE", http: 409, exit: 5, retryable: false },
  "request/other-content": { mpac: "REPLAY_DETECTED", http: 409, exit: 5, retryable: false },
  "store/unavailable": { mpac: "STORE_UNAVAILABLE", http: 503, exit: 6, retryable: true },
  "store/contended": { mpac: "STORE_UNAVAILABLE", http: 503, exit: 6, retryable: true },
} as const satisfies Record<string, Rendering>;

export type RefusalCode = keyof typeof REFUSALS;

/** Why a command was not carried out. `message` is a sentence that says what stands in the way and what to do. */
export interface Rejection {
  readonly code: RefusalCode;
  readonly message: string;
  /** What a program needs to act on it: holders of a scope, a free name, the current reference. */
  readonly details?: JsonObject;
}
