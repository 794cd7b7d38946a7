/**
 * What may be asked of a board's state from outside: the one door of the core through which an edge reads.
 *
 * Whether a lane is held is asked of the clock as well: while the log takes no records, no end of a lease is on it.
 */
import type { Revision } from "../../wire/record.ts";
import { type Acknowledgement, type BoardMessage, type BoardState, heldLane, type Lane } from "./state.ts";

export type { Acknowledgement, BoardMessage, BoardState, Lane } from "./state.ts";

export const isHeld = ({ state, expiresAtMs }: Pick<Lane, "state" | "expiresAtMs">, nowMs: number): boolean =>
  state === "held" && nowMs < expiresAtMs;

/** All lanes that somebody holds, or held and did not give back; by name. */
export function lanesIn(state: Readonly<BoardState>): Lane[] {
  return [...state.lanes.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The lane, when this token is its holder's and the lease goes on. */
export function laneUnder(state: Readonly<BoardState>, name: string, fence: number, nowMs: number): Lane | undefined {
  const lane = heldLane(state, name);
  return lane !== undefined && lane.fence === fence && isHeld(lane, nowMs) ? lane : undefined;
}

export interface MessageFilter {
  readonly topic?: string | undefined;
  /** In the text, the topic or the sender, whatever its case. */
  readonly text?: string | undefined;
}

export function isWanted({ topic, sender, body }: Pick<BoardMessage, "topic" | "sender" | "body">, wanted: MessageFilter): boolean {
  if (wanted.topic !== undefined && topic !== wanted.topic) return false;
  const text = wanted.text?.toLowerCase();
  return text === undefined || [body, topic, sender].some((part) => part.toLowerCase().includes(text));
}

/** Messages at hand, the newest first, from before a revision on. */
export function* newestBefore(state: Readonly<BoardState>, before: Revision): Iterable<BoardMessage> {
  const kept = [...state.messages.byId.values()];
  for (let index = kept.length - 1; index >= 0; index -= 1) {
    const message = kept[index] as BoardMessage;
    if (message.revision < before) yield message;
  }
}

/** The revision before which messages are on the log only; 0 where all of them are at hand. */
export function onLogBefore({ messages, posted, revision }: Readonly<BoardState>): Revision {
  if (posted === messages.byId.size) return 0;
  const [oldest] = messages.byId.values();
  return oldest?.revision ?? revision + 1;
}

/** Who has seen to a message. */
export function acknowledgementOf(state: Readonly<BoardState>, id: string): Acknowledgement | undefined {
  return state.acknowledged.get(id);
}

/** Flagged messages that nobody has acknowledged, the newest first, and how many older ones are not at hand any more. */
export function pendingIn(state: Readonly<BoardState>): { readonly messages: BoardMessage[]; readonly overlooked: number } {
  return { messages: [...state.pending.byId.values()].reverse(), overlooked: state.overlooked };
}
