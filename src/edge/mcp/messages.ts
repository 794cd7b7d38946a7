/**
 * What kind of message a body is. Checked by the SDK's own schemas, each message once: these checks are most of what a small
 * request costs.
 */
import {
  classifyInboundRequest,
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCErrorResponse,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type JSONRPCResultResponse,
} from "@modelcontextprotocol/server";
import { claimsModern } from "../../mcp/arrays.ts";
import { type PlainCall, plainCallIn2025 } from "../../mcp/plain-call.ts";

export type Message =
  /** `call`: it is a plain one of a tool. */
  | { readonly kind: "request"; readonly message: JSONRPCRequest; readonly call?: PlainCall }
  | { readonly kind: "notification"; readonly message: JSONRPCNotification }
  | { readonly kind: "response"; readonly message: JSONRPCResultResponse | JSONRPCErrorResponse }
  | { readonly kind: "none"; readonly message: unknown };

export function messageOf(message: unknown): Message {
  const call = plainCallIn2025(message);
  if (call !== undefined) return { kind: "request", message: message as JSONRPCRequest, call };
  if (typeof message !== "object" || message === null) return { kind: "none", message };
  if ("method" in message && "id" in message) {
    if (isJSONRPCRequest(message)) return { kind: "request", message };
  } else if ("method" in message) {
    if (isJSONRPCNotification(message)) return { kind: "notification", message };
  } else if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) return { kind: "response", message };
  return { kind: "none", message };
}

/** Whether a header names a revision without sessions. */
export function isModernVersion(version: string | null): version is string {
  return version !== null && version >= "2026-07-28" && /^\d{4}-\d\d-\d\d$/.test(version);
}

/**
 * Which era answers a body that is no array. What neither says that it is of 2026 nor comes under its header is older; of the
 * others the SDK decides, as its handler does.
 */
export function eraOf(body: unknown, version: string | null): "legacy" | "modern" {
  if (!claimsModern(body) && !isModernVersion(version)) return "legacy";
  const outcome = classifyInboundRequest({ httpMethod: "POST", ...(version === null ? {} : { protocolVersionHeader: version }), body });
  return outcome.kind === "legacy" && outcome.reason !== "response" ? "legacy" : "modern";
}
