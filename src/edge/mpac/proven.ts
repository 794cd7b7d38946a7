/** What a connection has proven, as a record and a decision are told of it: never a credential. */
import type { ProvenIdentity } from "../../core/session/verdict.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import type { Actor } from "../../wire/record.ts";
import type { Connection } from "./connection.ts";

export function actorOf({ identity }: Connection, principal: string): Actor {
  if (identity === undefined) return { principal, verified: "asserted" };
  const { fingerprint, roles } = identity;
  return { principal, verified: "token", fingerprint, ...(roles === undefined ? {} : { roles }) };
}

/**
 * What only counts where identities are proven: whose credential it was, and when the sender says that it spoke.
 * A time that cannot be read is null.
 */
export function provenOf(
  { identity }: Connection,
  message: ClientMessage,
): { readonly sentAtMs?: number | null; readonly identity?: ProvenIdentity } {
  if (identity === undefined) return {};
  const atMs = instantOf(message.ts ?? "");
  return { sentAtMs: Number.isNaN(atMs) ? null : atMs, ...(message.message_type === "HELLO" ? { identity: { ...identity } } : {}) };
}

/** The specification's letters may be small, and a space may stand for the T. */
function instantOf(ts: string): number {
  return RFC3339.test(ts) ? Date.parse(ts.toUpperCase().replace(" ", "T")) : Number.NaN;
}

/** With a date, a time and a place on the globe: without that nobody knows when it was. */
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
