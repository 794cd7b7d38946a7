/**
 * What a board is, folded: who holds which lane until when, who waits for one, and the newest of what was written.
 *
 * A lane that is free is not here. Nothing here grows with history: claims that nobody took up, messages, flags and requests
 * are each kept up to a number, and what falls out stays in the log.
 */
import type { SessionId } from "../../wire/ids.ts";
import type { Author, Proof } from "../../wire/board.ts";
import type { Revision } from "../../wire/record.ts";
import type { SettledRequest } from "../aggregate.ts";
import { createDeadlines, type Deadlines } from "../deadlines.ts";
import type { Place } from "../row.ts";

/** Lanes that are held at once, and places in one row and in all. */
export const MAX_HELD = 10_000;
export const MAX_ROW = 100;
export const MAX_PLACES = 5_000;

/** Expired claims that are shown: as many, and for as long, in milliseconds. */
export const MAX_ORPHANS = 1_000;
export const ORPHANED_MS = 7 * 24 * 60 * 60 * 1000;

/** Messages that are kept at hand, and flagged ones that wait for somebody; each also by their size in UTF-16 units. */
export const MAX_MESSAGES = 1_000;
export const MAX_PENDING = 1_000;
export const MAX_KEPT_UNITS = 8 * 1024 * 1024;

/** Acknowledgements of messages that may not be at hand any more. */
export const MAX_ACKNOWLEDGED = 10_000;

/** Requests that are remembered. */
export const MAX_REQUESTS = 10_000;

export interface Lane extends Author {
  readonly name: string;
  readonly fence: number;
  state: "held" | "expired";
  leaseMs: number;
  expiresAtMs: number;
  /** Since when its owner holds it. */
  readonly sinceMs: number;
}

/** Somebody waits for a lane. */
export interface Waiter extends Author, Place {
  readonly ticket: string;
  readonly lane: string;
  readonly leaseMs: number;
  readonly keptUntilMs: number;
}

export interface BoardMessage {
  readonly id: string;
  /** Of its record. */
  readonly revision: Revision;
  readonly topic: string;
  readonly sender: string;
  readonly proof: Proof | undefined;
  readonly body: string;
  readonly actionFlag: boolean;
  readonly postedAtMs: number;
}

export interface Acknowledgement {
  readonly by: string;
  readonly atMs: number;
}

/** The newest of some messages, by their id, the oldest first. */
export interface Kept {
  readonly byId: Map<string, BoardMessage>;
  /** What they hold in all. */
  units: number;
}

export interface BoardState {
  id: SessionId | undefined;
  /** Rises with every process that opens the stream, by the clock: also behind one that a backup does not know of. */
  epoch: number;
  /** The highest fencing token given so far. */
  fence: number;
  /** Of the last record. */
  revision: Revision;
  readonly lanes: Map<string, Lane>;
  /** Lanes whose claim has expired, the earliest first. */
  readonly orphans: Set<string>;
  /** Who waits for a lane, the first in the row first. */
  readonly rows: Map<string, Waiter[]>;
  /** Everybody who waits, by ticket. */
  readonly places: Map<string, Waiter>;
  readonly messages: Kept;
  /** How many there are on the log. */
  posted: number;
  /** Flagged messages that nobody has acknowledged. */
  readonly pending: Kept;
  /** Flagged messages that were pushed out of `pending` by newer ones. */
  overlooked: number;
  /** Who has seen to which flagged message, the oldest word first. */
  readonly acknowledged: Map<string, Acknowledgement>;
  /** The last requests by author and id, oldest first. */
  readonly requests: Map<string, SettledRequest>;
  readonly deadlines: Deadlines;
}

export function initialState(): BoardState {
  return {
    id: undefined,
    epoch: 0,
    fence: 0,
    revision: 0,
    lanes: new Map(),
    orphans: new Set(),
    rows: new Map(),
    places: new Map(),
    messages: { byId: new Map(), units: 0 },
    posted: 0,
    pending: { byId: new Map(), units: 0 },
    overlooked: 0,
    acknowledged: new Map(),
    requests: new Map(),
    deadlines: createDeadlines(),
  };
}

/** A name that is proven and the same name that is only asserted are two. */
export function isSame(one: Author, other: Author): boolean {
  return one.owner === other.owner && (one.proof === undefined) === (other.proof === undefined);
}

/** The lane while it is held. */
export function heldLane(state: Readonly<BoardState>, name: string): Lane | undefined {
  const lane = state.lanes.get(name);
  return lane?.state === "held" ? lane : undefined;
}
