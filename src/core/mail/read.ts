/** What an edge may ask of a session's mail. */
import type { MailState, Waiting } from "./state.ts";

export type { MailState, Waiting } from "./state.ts";

/** Everything that waits for a peer, in the order in which it was sent. */
export function waitingFor(state: Readonly<MailState>, name: string): Iterable<Waiting> {
  return state.peers.get(name)?.waiting.values() ?? [];
}

/** Whether its recipient may have been handed it before. */
export function mayBeKnown({ attempts, isDoubtful }: Waiting): boolean {
  return attempts > 0 || isDoubtful;
}

/** Of the credential that a name belongs to; undefined for a name that is free. */
export function holderOf(state: Readonly<MailState>, name: string): string | undefined {
  return state.peers.get(name)?.fingerprint;
}

/** When the youngest of what waits was sent, in milliseconds since 1970; undefined when nothing waits. */
export function youngestWaitingMs(state: Readonly<MailState>): number | undefined {
  let youngest: number | undefined;
  for (const { waiting } of state.peers.values()) {
    for (const { sentAtMs } of waiting.values()) youngest = Math.max(youngest ?? 0, sentAtMs);
  }
  return youngest;
}
