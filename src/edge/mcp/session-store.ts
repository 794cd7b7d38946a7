/**
 * The MCP sessions of 2025 that are open: on the log, so that they outlive the process, and in memory, so that a request costs
 * a look into a map.
 *
 * Of a request nothing is written. When a session was used last is known to this process alone and counted in looks of its
 * own, not by a clock: a machine that slept has not used the time up, and after a restart it begins anew.
 */
import type { McpSession } from "../../core/mcp/read.ts";
import type { OpenMcpSession } from "../../wire/mcp-sessions.ts";
import type { Rejection } from "../../wire/refusals.ts";

/** What `initialize` said and who sent it. */
export type McpSessionDetails = Omit<OpenMcpSession, "idHash">;

export interface SessionStore extends Disposable {
  /**
   * Opens an MCP session with a coordination session; it is on the log when this resolves. Refused with
   * `mcp/too-many-sessions` where there is no room, `message/malformed` for details that are too long, and what a log refuses
   * with that takes no records.
   */
  open(sessionId: string, details: McpSessionDetails): Promise<{ readonly id: string } | { readonly rejection: Rejection }>;
  /** The open session of that id, which counts as used now; undefined where none is, and for an id that nobody gave out. */
  find(sessionId: string, id: string): Promise<McpSession | undefined>;
  /** It is used while this is not disposed of: an open stream, a call under way. For one that `find` gave. */
  hold(sessionId: string, id: string): Disposable;
  /** Durable when it resolves; gives why it was refused. A repeat is no fault. */
  subscribe(sessionId: string, id: string, uri: string): Promise<Rejection | undefined>;
  unsubscribe(sessionId: string, id: string, uri: string): Promise<Rejection | undefined>;
  /** The client has ended it. */
  close(sessionId: string, id: string): Promise<Rejection | undefined>;
  /** Hears of each session that ends, by its client's word or because nobody used it, with the hash of its id (`hashOfId`). */
  onClosed(hear: (sessionId: string, idHash: string) => void): Disposable;
}
