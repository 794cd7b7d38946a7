/**
 * What a tool needs: the session that decides, the files of the caller's worktree, the board with lanes and messages.
 *
 * The bridge gives them over WebSocket, local disk and HTTP; the sidecar's own MCP face gives them in process.
 */
import type { BusAnswer } from "../wire/bus/answer.ts";
import type { BusRequest } from "../wire/bus/requests.ts";
import type { Person, Progress } from "./asking.ts";
import type { Files } from "./ports/files.ts";
import type { Peers } from "./ports/mail.ts";
import type { Agents, Coordination, OnOverlap } from "./ports/session.ts";

/** The coordination bus, as one principal. */
export interface Board {
  /** The name that the caller has there when it gives none. */
  principal(): Promise<string>;
  /**
   * What comes of it, whatever goes wrong. `signal` ends the wait: a claim that waits gives up its place, and is answered with
   * what came of it, because its turn may have come in that moment. Any other write is carried to its answer (`giving-up.ts`).
   */
  ask(request: BusRequest, signal?: AbortSignal): Promise<BusAnswer>;
}

/** What a tool is given. `repo_path` has already chosen whose. */
export interface ToolContext {
  readonly coordination: Coordination;
  readonly agents: Agents;
  readonly files: Files;
  readonly board: Board;
  readonly peers: Peers;
  /** What `begin_task` does on overlap when the call does not say (`MPAC_ON_OVERLAP`). */
  readonly onOverlap: OnOverlap;
  /** Aborted when the caller does not want the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** The same for whoever only looks, where the signal is made when somebody wants it. */
  readonly isOver?: boolean | undefined;
  readonly person?: Person | undefined;
  /** Tells the caller how far a call has come, where it asked for that. */
  readonly progress?: ((progress: Progress) => void) | undefined;
  readonly nowMs: () => number;
  /** Random, URL-safe, for ids that the caller mints. */
  readonly newId: () => string;
  /** Lower-case hex SHA-256 of the text's UTF-8, 64 digits. */
  readonly hash: (text: string) => string;
  /** Where the call is meant, known before anything answers, so that a refusal can say so too. */
  readonly workspace?: { readonly dir: string; readonly sessionId: string };
  /** Takes a fault that no reader can act on, for the log. */
  readonly reportFault?: (cause: unknown, tool: string) => void;
}
