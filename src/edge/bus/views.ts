/** How the board looks over HTTP. */
import { type Acknowledgement, type BoardMessage, isHeld, type Lane } from "../../core/board/read.ts";
import type { JsonObject } from "../../wire/json.ts";

/** Most characters of a message in the overview; the list has it whole. */
const OVERVIEW_CHARACTERS = 4_000;

export const timeOf = (ms: number): string => new Date(ms).toISOString();

/** Seconds to a tenth, never below 0. */
export const secondsTo = (untilMs: number, nowMs: number): number => Math.max(0, Math.round((untilMs - nowMs) / 100) / 10);

export type ShownLane = Pick<Lane, "name" | "owner" | "proof" | "fence" | "leaseMs" | "expiresAtMs" | "state">;

/** @param isOwnerGone - whether its owner, as a participant of the session, is gone */
export function laneView(lane: ShownLane, nowMs: number, isOwnerGone = false): JsonObject {
  return {
    lane: lane.name,
    owner: lane.owner,
    state: isHeld(lane, nowMs) ? "held" : "expired",
    expires_at: timeOf(lane.expiresAtMs),
    expires_in_s: secondsTo(lane.expiresAtMs, nowMs),
    lease_s: lane.leaseMs / 1000,
    fencing_token: lane.fence,
    asserted: lane.proof === undefined,
    ...(isOwnerGone ? { owner_gone: true } : {}),
  };
}

export type ShownMessage = Omit<BoardMessage, "revision">;

export function messageView(message: ShownMessage, acknowledged: Acknowledgement | undefined): JsonObject {
  const { id, topic, sender, proof, body, actionFlag, postedAtMs } = message;
  return {
    id,
    topic,
    sender,
    body,
    action_flag: actionFlag,
    posted_at: timeOf(postedAtMs),
    asserted: proof === undefined,
    ...(acknowledged === undefined ? {} : { acknowledged: acknowledgementView(acknowledged) }),
  };
}

export const acknowledgementView = ({ by, atMs }: Acknowledgement): JsonObject => ({ by, at: timeOf(atMs) });

/** As the overview shows it: the beginning of a long text. */
export function messageLine(message: ShownMessage, acknowledged: Acknowledgement | undefined): JsonObject {
  const { body } = message;
  if (body.length <= OVERVIEW_CHARACTERS) return messageView(message, acknowledged);
  const beginning = body.slice(0, OVERVIEW_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "");
  return { ...messageView({ ...message, body: beginning }, acknowledged), cut: true };
}
