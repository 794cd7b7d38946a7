/**
 * A plain `subscriptions/listen` of 2026-07-28, and what is said on its stream, without a server of the SDK: that one makes a
 * server, a handler and two streams for each listener, and keeps most of them while it listens (docs/decisions/0024).
 *
 * Nothing is refused here. Whatever is not plain, and whatever is wrong with a request, is the SDK's to answer.
 */
import { classifyInboundRequest, CLIENT_INFO_META_KEY, SERVER_INFO_META_KEY, SUBSCRIPTION_ID_META_KEY } from "@modelcontextprotocol/server";
import type { Face } from "./face.ts";
import { serverInfoOf } from "./make-server.ts";
import { hasOnly, isId, isObject } from "./members.ts";
import { isMeta, MESSAGE, REVISION } from "./revision.ts";

export interface PlainListen {
  readonly id: string | number;
  /** The resources that it follows, as its client wrote them; at least one. */
  readonly uris: readonly string[];
  readonly clientName: string | undefined;
}

/** The messages of one stream, each as the text of its JSON. */
export interface ListenWords {
  /** Comes first. */
  acknowledged(listen: PlainListen): string;
  updated(id: PlainListen["id"], uri: string): string;
  /** Comes last, where the stream ends well. */
  ended(id: PlainListen["id"]): string;
}

const METHOD = "subscriptions/listen";
const PARAMS: ReadonlySet<string> = new Set(["notifications", "_meta"]);

/** Lists of which none of ours changes while it is served: who wants to hear of that hears nothing. */
const OF_LISTS: ReadonlySet<string> = new Set(["toolsListChanged", "promptsListChanged", "resourcesListChanged"]);

/** The request that a body is; undefined for what is not plain. */
export function plainListenIn(body: unknown, headers: Pick<Headers, "get">): PlainListen | undefined {
  if (!isObject(body) || !hasOnly(body, MESSAGE) || body["method"] !== METHOD) return undefined;
  const { id, params } = body;
  if (!isId(id) || !isObject(params) || !hasOnly(params, PARAMS)) return undefined;
  const { _meta: meta, notifications } = params;
  if (!isMeta(meta)) return undefined;
  if (headers.get("mcp-protocol-version") !== REVISION || headers.get("mcp-method") !== METHOD) return undefined;
  const uris = urisIn(notifications);
  if (uris === undefined || headers.get("mcp-name") !== null) return undefined;
  if (classifyInboundRequest({ httpMethod: "POST", body }).kind !== "modern") return undefined;
  const client = meta[CLIENT_INFO_META_KEY] as { readonly name: string } | undefined;
  return { id, uris, clientName: client?.name };
}

function urisIn(notifications: unknown): readonly string[] | undefined {
  if (!isObject(notifications)) return undefined;
  const { resourceSubscriptions: uris, ...others } = notifications;
  if (!hasOnly(others, OF_LISTS) || !Object.values(others).every((wanted) => typeof wanted === "boolean")) return undefined;
  if (!Array.isArray(uris) || uris.length === 0) return undefined;
  return uris.every((uri) => typeof uri === "string") ? uris : undefined;
}

/** Texts of updates that are kept, up to where the stream is named that they go to. */
const MAX_KEPT = 1_024;

/** What is said to those who listen to this face; undefined where nothing of it can be followed, which the SDK says. */
export function wordsForListeners(face: Face): ListenWords | undefined {
  if (face.lists.resources.length === 0) return undefined;
  const serverInfo = serverInfoOf(face);
  const kept = new Map<string, string>();

  /** Worked out once for a resource, however many follow it. */
  function beginningFor(uri: string): string {
    const standing = kept.get(uri);
    if (standing !== undefined) return standing;
    const whole = JSON.stringify({ jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri, _meta: {} } });
    const beginning = `${whole.slice(0, -3)}${JSON.stringify(SUBSCRIPTION_ID_META_KEY)}:`;
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(uri, beginning);
    return beginning;
  }

  return {
    acknowledged: ({ id, uris }) =>
      JSON.stringify({
        jsonrpc: "2.0",
        method: "notifications/subscriptions/acknowledged",
        params: { notifications: { resourceSubscriptions: uris }, _meta: { [SUBSCRIPTION_ID_META_KEY]: id } },
      }),
    updated: (id, uri) => `${beginningFor(uri)}${JSON.stringify(id)}}}}`,
    ended: (id) =>
      JSON.stringify({
        jsonrpc: "2.0",
        id,
        result: { resultType: "complete", _meta: { [SUBSCRIPTION_ID_META_KEY]: id, [SERVER_INFO_META_KEY]: serverInfo } },
      }),
  };
}
