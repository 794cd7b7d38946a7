/** A lane in a sentence, or in a row of a table: who holds it, for how long, and by which token. */
import type { LaneView } from "../wire/bus/views.ts";
import { called } from "./quote.ts";
import { clock, span } from "./times.ts";

/** `build: held by ana (you), 5 min left until 14:08Z, fencing token 7` */
export function laneLine(lane: LaneView, principalId: string, nowMs: number): string {
  return [`${called(lane.lane ?? "?")}: ${heldBy(lane, principalId)}`, timeOf(lane, nowMs), ...tokenOf(lane)].join(", ");
}

/** `5 min left until 14:08Z`, or what there is of it. */
export function timeOf({ expires_at, expires_in_s }: LaneView, nowMs: number): string {
  // The bus knows best what is left; how long ago something ended it says by the time alone.
  const leftMs =
    (expires_in_s ?? 0) > 0 || expires_at === undefined ? (expires_in_s ?? Number.NaN) * 1_000 : Date.parse(expires_at) - nowMs;
  const at = expires_at === undefined ? "" : ` ${leftMs > 0 ? "until" : "at"} ${clock(expires_at, nowMs)}`;
  if (Number.isNaN(leftMs)) return "end unknown";
  return leftMs > 0 ? `${span(leftMs)} left${at}` : `expired${at} (${span(-leftMs)} ago)`;
}

/** The owner with what is known of it. */
export function ownerOf({ owner = "nobody", asserted, owner_gone }: LaneView, principalId: string): string {
  const remarks = [
    ...(owner === principalId ? ["you"] : []),
    ...(asserted === true ? ["a name that nobody proved"] : []),
    ...(owner_gone === true ? ["gone"] : []),
  ];
  return `${called(owner)}${remarks.length === 0 ? "" : ` (${remarks.join(", ")})`}`;
}

function heldBy(lane: LaneView, principalId: string): string {
  if (lane.state === "free") return "free";
  return `${lane.state === "expired" ? "left" : "held"} by ${ownerOf(lane, principalId)}`;
}

function tokenOf({ fencing_token }: LaneView): string[] {
  return fencing_token === undefined ? [] : [`fencing token ${fencing_token}`];
}
