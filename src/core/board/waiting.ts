/**
 * Who waits for a lane, and whose turn it is when it is free: the first in the row has it in the same record, so nobody
 * comes between.
 *
 * A place is kept for a while after it was last asked for. What a turn gives is not longer than that, until its owner comes
 * for it and has the lease that was asked for: a lane is not kept for somebody who is gone.
 */
import { type Author, type BoardEvent, type ClaimLane, PLACE_MS } from "../../wire/board.ts";
import { isBefore } from "../row.ts";
import { refuse } from "../verdict.ts";
import { quoted, taking } from "./holding.ts";
import { type BoardState, isSame, type Lane, MAX_PLACES, MAX_ROW, type Waiter } from "./state.ts";
import type { BoardMoment, Verdict } from "./verdict.ts";

/** Its own place in the row of a lane. */
export function placeOf(state: Readonly<BoardState>, asking: Author & { readonly lane: string }): Waiter | undefined {
  return state.rows.get(asking.lane)?.find((one) => isSame(one, asking));
}

export function decidePlace(state: Readonly<BoardState>, held: Lane, claim: ClaimLane, at: BoardMoment): Verdict {
  const { lane, owner, proof, leaseMs, wait = {} } = claim;
  const standing = placeOf(state, claim);
  if (wait.ticket !== undefined && wait.ticket !== standing?.ticket) {
    const why = `no place of ${owner} for lane ${quoted(lane)} is kept under this ticket (${PLACE_MS / 1000} s after it was last asked for)`;
    return refuse("lane/no-place", `${why}; claim without a ticket to wait anew`);
  }
  const row = state.rows.get(lane) ?? [];
  if (standing === undefined && (row.length >= MAX_ROW || state.places.size >= MAX_PLACES)) {
    return refuse("lane/too-many", `too many wait already, ${row.length} of them for lane ${quoted(lane)}; try again later`);
  }
  const priority = wait.priority ?? standing?.priority ?? "normal";
  const ticket = standing?.ticket ?? at.newId("ticket");
  const keptUntilMs = at.atMs + PLACE_MS;
  const place = { priority, sinceMs: standing?.sinceMs ?? at.atMs, since: standing?.since ?? Infinity };
  const ahead = row.filter((other) => other !== standing && isBefore(other, place)).length;
  return {
    events: [{ type: "ClaimWaiting", ticket, lane, owner, ...(proof === undefined ? {} : { proof }), leaseMs, priority, keptUntilMs }],
    result: { waiting: { ticket, ahead, holder: held.owner, expiresAtMs: held.expiresAtMs, keptUntilMs } },
  };
}

/** What follows when a lane has become free. */
export function handOver(state: Readonly<BoardState>, lane: string, at: BoardMoment): BoardEvent[] {
  const first = state.rows.get(lane)?.[0];
  return first === undefined ? [] : [taking(state, { ...first, leaseMs: Math.min(first.leaseMs, PLACE_MS) }, at)];
}
