/**
 * Who holds a lane: one at a time, as long as its lease, which its holder renews.
 *
 * A claim takes a lane that is free or whose lease has ended, and renews one's own. Each change of holder gives a fencing
 * token above all before it; a renewal keeps the token. Leases that have ended are told before anything is decided, so a
 * lane that is held here is held now.
 */
import type { ClaimLane, ReleaseLane, RenewLane } from "../../wire/board.ts";
import { NOTHING_TO_DO, refuse } from "../verdict.ts";
import { quoted, secondsUntil, shown, taken, taking } from "./holding.ts";
import { type BoardState, heldLane, isSame, type Lane, MAX_HELD } from "./state.ts";
import type { BoardMoment, Verdict } from "./verdict.ts";
import { decidePlace, handOver, placeOf } from "./waiting.ts";

export function decideClaim(state: Readonly<BoardState>, claim: ClaimLane, at: BoardMoment): Verdict {
  const held = heldLane(state, claim.lane);
  if (held !== undefined) {
    if (isSame(held, claim)) return renewed(held, claim.leaseMs, at);
    return claim.wait === undefined
      ? taken(held, claim, at, "wait until then, or claim it with wait_s")
      : decidePlace(state, held, claim, at);
  }
  if (state.lanes.size - state.orphans.size >= MAX_HELD) {
    return refuse("lane/too-many", `${MAX_HELD} lanes are held here, and more are not taken; release some first`);
  }
  const claimed = taking(state, claim, at);
  const { fence, leaseMs, expiresAtMs } = claimed;
  return { events: [claimed], result: { lane: { fence, leaseMs, expiresAtMs } } };
}

export function decideRenewal(state: Readonly<BoardState>, renewal: RenewLane, at: BoardMoment): Verdict {
  const lane = state.lanes.get(renewal.lane);
  if (lane?.state === "held" && isSame(lane, renewal)) return renewed(lane, renewal.leaseMs, at);
  return refuse("lane/not-held", `${renewal.owner} does not hold lane ${quoted(renewal.lane)}: ${whyNot(lane, renewal, at)}`);
}

function whyNot(lane: Lane | undefined, renewal: RenewLane, { atMs }: BoardMoment): string {
  if (lane === undefined) return "nobody does; claim it first";
  const { expiresAtMs } = lane;
  if (lane.state === "held") return `${shown(lane, renewal)} does, for another ${secondsUntil(expiresAtMs, atMs)} s`;
  const ended = `lease ended ${secondsUntil(atMs, expiresAtMs)} s ago; claim it again`;
  return isSame(lane, renewal) ? `the ${ended}` : `${shown(lane, renewal)} did, whose ${ended.replace(" again", "")}`;
}

/** Giving back what one does not hold harms nobody; whoever waits for it gives up the place. */
export function decideRelease(state: Readonly<BoardState>, release: ReleaseLane, at: BoardMoment): Verdict {
  const place = placeOf(state, release);
  const result = { released: true } as const;
  if (place !== undefined) return { events: [{ type: "PlaceGivenUp", ticket: place.ticket, reason: "released" }], result };
  const lane = state.lanes.get(release.lane);
  if (lane === undefined || release.placeOnly === true) return NOTHING_TO_DO;
  if (isSame(lane, release)) return { events: [{ type: "LaneReleased", lane: lane.name }, ...handOver(state, lane.name, at)], result };
  return lane.state === "held" ? taken(lane, release, at, "only its holder gives it back") : NOTHING_TO_DO;
}

function renewed({ name, fence }: Lane, leaseMs: number, { atMs }: BoardMoment): Verdict {
  const expiresAtMs = atMs + leaseMs;
  return { events: [{ type: "LaneRenewed", lane: name, leaseMs, expiresAtMs }], result: { lane: { fence, leaseMs, expiresAtMs } } };
}
