/**
 * The MCP sessions of one coordination session as its log has them, kept at hand while any of them is open: whoever asks for
 * one waits for no turn of the log.
 */
import { type McpSession, type McpState, sessionOf } from "../../core/mcp/read.ts";
import type { Outcome, StreamHost } from "../../engine/stream-host.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { McpCommand } from "../../wire/mcp-sessions.ts";
import type { Actor } from "../../wire/record.ts";
import { createUses, type Uses } from "./uses.ts";

export type McpHost = StreamHost<McpState, McpCommand, JsonObject>;

export interface Residence extends Disposable {
  readonly sessions: ReadonlyMap<string, McpSession>;
  readonly uses: Uses;
  /** Nobody is in it, and nobody is on the way in. */
  readonly isEmpty: boolean;
  carry(command: McpCommand, actor: Actor): Promise<Outcome>;
}

/** @param onChanged - hears of each session what it is now, by its hash; nothing for one that has ended */
export async function openResidence(
  host: McpHost,
  mostLooks: number,
  onChanged: (idHash: string, session: McpSession | undefined) => void,
): Promise<Residence> {
  const sessions = new Map<string, McpSession>();
  const uses = createUses(mostLooks);
  let carrying = 0;

  function take(idHash: string, session: McpSession | undefined): void {
    if (session !== undefined) {
      sessions.set(idHash, session);
      uses.note(idHash);
      onChanged(idHash, session);
    } else if (sessions.delete(idHash)) {
      uses.forget(idHash);
      onChanged(idHash, undefined);
    }
  }

  const hearing = host.subscribe(({ events }) => {
    for (const { idHash } of events as readonly { readonly idHash?: string }[]) {
      if (idHash !== undefined) take(idHash, sessionOf(host.view, idHash));
    }
  });
  try {
    await host.query((state) => state.sessions.forEach((session, idHash) => take(idHash, session)));
  } catch (error) {
    hearing[Symbol.dispose]();
    throw error;
  }

  return {
    sessions,
    uses,
    get isEmpty() {
      return sessions.size === 0 && carrying === 0;
    },
    async carry(command, actor) {
      carrying += 1;
      try {
        return await new Promise<Outcome>((resolve) => host.submit({ command, actor }, resolve));
      } finally {
        carrying -= 1;
      }
    },
    [Symbol.dispose]: () => hearing[Symbol.dispose](),
  };
}
