/**
 * JSON-RPC as it is written here. What an agent wants to send has to travel as its host spelt it, so a message is read by its
 * members' text and not parsed.
 */
import { compact, quoted } from "../wire/peer/canonical.ts";
import { membersOf, rawOf, stringsOf } from "../wire/peer/json-members.ts";

export const PARSE_ERROR = -32_700;
export const METHOD_NOT_FOUND = -32_601;
export const INVALID_PARAMS = -32_602;

export interface Request {
  /** JSON text; undefined for a notification, which is not answered. */
  readonly id: string | undefined;
  readonly method: string;
  /** JSON text. */
  readonly params: string | undefined;
}

export function readRequest(text: string): Request | undefined {
  const members = membersOf(text);
  const strings = members && stringsOf(members, ["jsonrpc", "method"]);
  if (members === undefined || strings === undefined) return undefined;
  const id = rawOf(members, "id");
  return { id: id === undefined ? undefined : compact(id), method: strings.method, params: rawOf(members, "params") };
}

/** @param result - JSON text */
export const answer = (id: string, result: string): string => `{"jsonrpc":"2.0","id":${id},"result":${result}}`;

export const notification = (method: string, params: object): string => JSON.stringify({ jsonrpc: "2.0", method, params });

/** Of what could not be read there is no id. */
export function failure(id: string | undefined, code: number, message: string, data: string): string {
  return `{"jsonrpc":"2.0",${id === undefined ? "" : `"id":${id},`}"error":{"code":${code},"message":${quoted(message)},"data":${quoted(data)}}}`;
}
