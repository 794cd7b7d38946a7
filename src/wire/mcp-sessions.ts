/**
 * The sessions of MCP clients of 2025 with one coordination session: what its log says happened, and what is asked of it.
 * Events are forever: a released one is never edited, only joined by new ones.
 *
 * The id of an MCP session is not here, only its hash: whoever reads the log, a transcript or a backup can go on in nobody's
 * session.
 */
import * as z from "zod";
import { event } from "./event.ts";
import { SessionId } from "./ids.ts";

/** Longest URI that may be subscribed to, in UTF-16 units. */
export const MAX_URI_LENGTH = 4_096;

const text = (longest: number) => z.string().max(longest);
const names = z.array(text(128)).max(64);
const mode = z.object({}).optional();

/** What the rules of this stream are; they change when a process opens it. */
export const McpSettings = z.looseObject({
  /** MCP sessions that may be open at once. */
  capacity: z.int().min(1),
  /** Subscriptions that each may have. */
  subscriptions: z.int().min(1),
});
export type McpSettings = z.infer<typeof McpSettings>;

/** What a server of a session is made of once more, after a restart: what `initialize` said, as far as it is needed. */
const opening = {
  /** SHA-256 of the session's id, in hex. */
  idHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of the credential that opened it; null for whoever brought none. */
  fingerprint: text(256).nullable(),
  /** What the names of its participants begin with; null where the caller has none. */
  name: text(256).nullable(),
  protocolVersion: text(32),
  clientInfo: z.object({ name: text(256), version: text(256) }),
  /** Of the client, those that a server asks for later; members that are not named here are left out. */
  capabilities: z.object({ elicitation: z.object({ form: mode, url: mode }).optional() }),
  /** As the URL and the headers of `initialize` said. */
  selection: z.object({
    profile: names.optional(),
    tools: names.optional(),
    excludeTools: names.optional(),
    readOnly: z.boolean().optional(),
  }),
};

/** An MCP session as it is asked for; what is longer than it may be is refused, what is not known is left out. */
export const OpenMcpSession = z.object(opening);
export type OpenMcpSession = z.infer<typeof OpenMcpSession>;

export const McpEvent = z.discriminatedUnion("type", [
  /** A process opened the stream. */
  event("Opened", { sessionId: SessionId, epoch: z.int().min(1), settings: McpSettings }),
  event("SessionOpened", opening),
  /** Its client wants to be told when the resource says something else. */
  event("Subscribed", { idHash: z.string(), uri: z.string() }),
  event("Unsubscribed", { idHash: z.string(), uri: z.string() }),
  event("SessionClosed", { idHash: z.string(), reason: z.enum(["deleted", "expired"]) }),
]);
export type McpEvent = z.infer<typeof McpEvent>;
export type McpEventOf<Type extends McpEvent["type"]> = Extract<McpEvent, { type: Type }>;

export type McpCommand =
  | ({ readonly type: "OpenSession" } & OpenMcpSession)
  | { readonly type: "Subscribe"; readonly idHash: string; readonly uri: string }
  | { readonly type: "Unsubscribe"; readonly idHash: string; readonly uri: string }
  | { readonly type: "CloseSession"; readonly idHash: string; readonly reason: McpEventOf<"SessionClosed">["reason"] };
