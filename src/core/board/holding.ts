/** What it is to hold a lane: the event by which somebody becomes its holder, and how a refusal names the one there is. */
import type { Author, BoardEventOf } from "../../wire/board.ts";
import type { Rejection } from "../../wire/refusals.ts";
import { refuse } from "../verdict.ts";
import { type BoardState, isSame, type Lane } from "./state.ts";
import type { BoardMoment } from "./verdict.ts";

type Claimed = BoardEventOf<"LaneClaimed">;

interface Taking extends Author {
  readonly lane: string;
  readonly leaseMs: number;
  /** The place that has its turn. */
  readonly ticket?: string;
}

/** Each holder gets a token above all that were given before. */
export function taking(state: Readonly<BoardState>, { lane, owner, proof, leaseMs, ticket }: Taking, { atMs }: BoardMoment): Claimed {
  const before = state.lanes.get(lane);
  const isStolen = ticket === undefined && before?.state === "expired" && !isSame(before, { owner, proof });
  return {
    type: "LaneClaimed",
    lane,
    owner,
    ...(proof === undefined ? {} : { proof }),
    fence: state.fence + 1,
    leaseMs,
    expiresAtMs: atMs + leaseMs,
    ...(isStolen ? { stolenFrom: before.owner } : {}),
    ...(ticket === undefined ? {} : { ticket }),
  };
}

/** Who holds it, and for how long; `then` says what whoever asked for it can do. */
export function taken(lane: Lane, asking: Author, { atMs }: BoardMoment, then: string): { readonly rejected: Rejection } {
  const { name, owner, expiresAtMs } = lane;
  const held = `lane ${quoted(name)} is held by ${shown(lane, asking)} for another ${secondsUntil(expiresAtMs, atMs)} s`;
  return refuse("lane/held", `${held}; ${then}`, { lane: name, owner, expires_at_ms: expiresAtMs });
}

export const secondsUntil = (untilMs: number, nowMs: number): number => Math.max(0, Math.ceil((untilMs - nowMs) / 1000));

/** A holder as a sentence names it to whoever asks, who may go by the same name. */
export function shown(holder: Author, asking: Author): string {
  if (holder.owner !== asking.owner) return holder.owner;
  return `another ${holder.owner}, ${holder.proof === undefined ? "whose name is only asserted" : "who has proven that name"},`;
}

export const quoted = (name: string): string => JSON.stringify(name);
