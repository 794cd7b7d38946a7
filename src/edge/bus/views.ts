/** How the board looks over HTTP. */
import { type BoardMessage, isHeld, type Lane } from "../../core/board/read.ts";
import type { JsonObject } from "../../wire/json.ts";

/** Most characters of a message in the overview; the list has it whole. */
const OVERVIEW_CHARACTERS = 4_000;

export const timeOf = (ms: number): string => new Date(ms).toISOString();

/** Seconds to a tenth, never below 0. */
export const secondsTo = (untilMs: number, nowMs: number): number => Math.max(0, Math.round((untilMs - nowMs) / 100) / 10);

export interface LaneFacts extends Pick<Lane, "name" | "owner" | "proof" | "fence" | "leaseMs" | "expiresAtMs" | "state"> {
  /** Whether its owner, as a participant, is gone. */
  readonly isOwnerGone?: boolean;
}

export function laneView(lane: LaneFacts, nowMs: number): JsonObject {
  return {
    lane: lane.name,
    owner: lane.owner,
    state: isHeld(lane, nowMs) ? "held" : "expired",
    expires_at: timeOf(lane.expiresAtMs),
    expires_in_s: secondsTo(lane.expiresAtMs, nowMs),
    lease_s: lane.leaseMs / 1000,
    fencing_token: lane.fence,
    asserted: lane.proof === undefined,
    ...(lane.isOwnerGone === true ? { owner_gone: true } : {}),
  };
}

type Shown = Pick<BoardMessage, "id" | "topic" | "sender" | "proof" | "body" | "actionFlag" | "postedAtMs" | "acknowledged">;

export function messageView({ id, topic, sender, proof, body, actionFlag, postedAtMs, acknowledged }: Shown): JsonObject {
  return {
    id,
    topic,
    sender,
    body,
    action_flag: actionFlag,
    posted_at: timeOf(postedAtMs),
    asserted: proof === undefined,
    ...(acknowledged === undefined ? {} : { acknowledged: { by: acknowledged.by, at: timeOf(acknowledged.atMs) } }),
  };
}

/** As the overview shows it: the beginning of a long text. */
export function messageLine(message: BoardMessage): JsonObject {
  const { body } = message;
  if (body.length <= OVERVIEW_CHARACTERS) return messageView(message);
  return { ...messageView({ ...message, body: body.slice(0, OVERVIEW_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "") }), cut: true };
}
