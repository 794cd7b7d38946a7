/**
 * What happens on a board because time has passed: a lease ends, an expired claim is forgotten, a place is given up.
 *
 * Deadlines are named `<kind>:<id>`. A lease is a promise by the clock on the wall: a machine that slept extends none.
 */
import type { BoardEvent } from "../../wire/board.ts";
import { NOTHING_TO_DO } from "../verdict.ts";
import { type BoardState, MAX_ORPHANS } from "./state.ts";
import type { BoardMoment, Verdict } from "./verdict.ts";
import { handOver } from "./waiting.ts";

export const leaseOf = (lane: string): string => `lane:${lane}`;
export const keepOf = (ticket: string): string => `place:${ticket}`;

export function decideTick(state: Readonly<BoardState>, at: BoardMoment): Verdict {
  const due = state.deadlines.first();
  if (due === undefined || due.dueAtMs > at.atMs) return NOTHING_TO_DO;
  const colon = due.id.indexOf(":");
  const id = due.id.slice(colon + 1);
  if (due.id.startsWith("place:")) return { events: [{ type: "PlaceGivenUp", ticket: id, reason: "expired" }] };
  if (state.lanes.get(id)?.state !== "held") return { events: [{ type: "LaneForgotten", lane: id }] };
  const next = handOver(state, id, at);
  return { events: [{ type: "LaneExpired", lane: id, dueAtMs: due.dueAtMs }, ...next, ...(next.length > 0 ? [] : crowdedOut(state))] };
}

/** Of very many claims that nobody took up the oldest goes. */
function crowdedOut({ orphans }: Readonly<BoardState>): BoardEvent[] {
  const [oldest] = orphans;
  return oldest === undefined || orphans.size < MAX_ORPHANS ? [] : [{ type: "LaneForgotten", lane: oldest }];
}
