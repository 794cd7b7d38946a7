/**
 * What every request of 2026-07-28 has that says no more than it must: the members of its message, and those that go along under
 * `_meta`.
 */
import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/server";
import { hasOnly, isObject, type Members } from "./members.ts";

/** The revision in which each request stands for itself; those before it are one era, whose sessions are opened by `initialize`. */
export const REVISION = "2026-07-28";

export const MESSAGE: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params"]);

const META: ReadonlySet<string> = new Set([PROTOCOL_VERSION_META_KEY, CLIENT_INFO_META_KEY, CLIENT_CAPABILITIES_META_KEY]);

/** Whether this is the `_meta` of such a request; what is in it may still not be in order. */
export function isMeta(meta: unknown): meta is Members {
  return isObject(meta) && hasOnly(meta, META) && meta[PROTOCOL_VERSION_META_KEY] === REVISION;
}
