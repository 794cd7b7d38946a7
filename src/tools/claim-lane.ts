/** `claim_lane`: takes a named lane for a while, or a place in the queue for it. */
import * as z from "zod";
import { busStatus, claimLane as request, DEFAULT_LEASE_S, releaseLane } from "../wire/bus/requests.ts";
import { LaneView, StatusView, WaitingView } from "../wire/bus/views.ts";
import { PRIORITIES } from "../wire/priorities.ts";
import { askBoard, type Asking, busOutput, laneInput, leaseInput } from "./bus-result.ts";
import { hearerOf } from "./hearers.ts";
import { timeOf } from "./lane-line.ts";
import type { ToolContext } from "./ports.ts";
import { called } from "./quote.ts";
import { clientRequestId } from "./once.ts";
import { telling } from "./telling.ts";
import { DEFAULT_WAIT_S, MOST_WAIT_S, PLACE_SEC, span } from "./times.ts";
import { type Answer, defineTool } from "./tool.ts";
import { unlessUntold } from "./untold.ts";

export const claimLane = defineTool({
  name: "claim_lane",
  title: "Claim a lane",
  description:
    "Takes a lane, a name that agents agree on for something only one may do at a time (a deploy, a migration); files are for begin_task. " +
    "Renews your own. It ends with its lease: heartbeat_lane before, release_lane when done.",
  profile: "lanes",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true },
  input: {
    ...laneInput(),
    lease_s: leaseInput(),
    wait_s: z.int().min(0).max(MOST_WAIT_S).optional().describe("Queue for it, and wait so long in this call."),
    ticket: z.string().min(1).max(128).optional().describe("From waiting: keeps your place."),
    priority: z.enum(PRIORITIES).optional(),
    client_request_id: clientRequestId(),
  },
  output: busOutput("lane", "owner", "expires_at", "fencing_token", "status", "ticket"),
  async handler(ctx, { lane, owner, lease_s, wait_s, ticket, priority, client_request_id }) {
    const me = await ctx.board.principal();
    const holder = owner ?? me;
    const waits = wait_s ?? (ticket === undefined && priority === undefined ? undefined : DEFAULT_WAIT_S);
    const given = { lane, ...(owner === undefined ? {} : { owner }), ...(lease_s === DEFAULT_LEASE_S ? {} : { lease_s }) };
    const queue = { tool: "claim_lane", arguments: { ...given, wait_s: MOST_WAIT_S }, why: "to queue for it" };
    const claim = request(lane, { owner: holder, lease_s, wait_s: waits, ticket, priority, client_request_id });
    const asking: Asking = {
      tool: "claim_lane",
      request: claim,
      advice: {
        409: [{ why: "other work first: you do not hold it" }, ...(waits === undefined ? [queue] : []), LOOK],
        ...(ticket === undefined ? {} : { 404: [{ ...queue, why: "without the ticket: a new place" }] }),
      },
      render(body) {
        const { status, ...place } = WaitingView.parse(body);
        if (status === "waiting") return waiting(place, given, holder === me);
        const got = LaneView.parse(body);
        if (got.state === "expired") return endedSince(lane, given);
        const token = got.fencing_token === undefined ? "" : ` Fencing token ${got.fencing_token}: pass it to what the lane guards.`;
        const who = holder === me ? "you hold" : `${called(holder)} holds`;
        return {
          lines: [`ok: ${who} the lane ${called(lane)}, ${timeOf(got, ctx.nowMs())}.${token}`],
          next: [
            { tool: "heartbeat_lane", arguments: given, why: "before that time, while you need it" },
            { tool: "release_lane", arguments: { lane, ...(owner === undefined ? {} : { owner }) }, why: "as soon as you are done" },
          ],
        };
      },
    };
    const say = () => whoHas(ctx, lane);
    const hearer = await hearerOf(ctx, JSON.stringify(["lane", lane, holder]));
    const answer = await telling(ctx, { limitMs: (waits ?? 0) * 1_000, say }, () => askBoard(ctx, asking)).catch(async (cause: unknown) => {
      await hearer.leave();
      throw cause;
    });
    const { ok, state, status, claimed_now: isNew } = answer.structured;
    const isPlace = status === "waiting";
    // A place that the caller has a ticket of was told of before.
    const back = isPlace ? (ticket === undefined ? claim.unasked : undefined) : releaseLane(lane, { owner: holder });
    if (ok !== true || state === "expired" || back === undefined) {
      await hearer.leave();
      return answer;
    }
    if (isNew === true) hearer.began();
    else if (!isPlace) hearer.stood();
    return unlessUntold(ctx, answer, hearer, () => ctx.board.ask(back));
  },
});

/** Who holds the lane that is waited for: `waiting for the lane deploy: bo holds it, 4 min left`. */
async function whoHas({ board }: ToolContext, lane: string): Promise<string> {
  const answer = await board.ask(busStatus());
  const { active_lanes: lanes } = StatusView.parse(answer.ok ? answer.body : {});
  const held = lanes.find((one) => one.lane === lane);
  const left = held?.expires_in_s === undefined ? "" : `, ${span(held.expires_in_s * 1_000)} left`;
  return `waiting for the lane ${called(lane)}${held?.owner === undefined ? "" : `: ${called(held.owner)} holds it${left}`}`;
}

/** The call was made before, and what it got then is over. */
function endedSince(lane: string, given: Readonly<Record<string, unknown>>): Omit<Answer, "structured"> {
  return {
    lines: [
      `ended: this client_request_id claimed the lane ${called(lane)} before, and it has ended since. You do not hold it by this call.`,
    ],
    next: [{ tool: "claim_lane", arguments: given, why: "with a new client_request_id" }, LOOK],
  };
}

export const LOOK = { tool: "get_bus_status", arguments: {}, why: "see who holds what" } as const;

function waiting(place: Omit<WaitingView, "status">, given: { lane: string; owner?: string }, isMine: boolean): Omit<Answer, "structured"> {
  const { ticket, ahead, holder, expires_in_s } = place;
  const held =
    holder === undefined ? "" : `; ${called(holder)} holds it${expires_in_s === undefined ? "" : `, ${span(expires_in_s * 1_000)} left`}`;
  const order = ahead === undefined ? "" : `; ${ahead === 0 ? "nobody is before it in the queue" : `${ahead} before it in the queue`}`;
  const who = isMine || given.owner === undefined ? "you do not hold" : `${called(given.owner)} does not hold`;
  return {
    lines: [`waiting: ${who} the lane ${called(given.lane)} yet${held}${order}. The place is kept for ${PLACE_SEC} s.`],
    next: [
      {
        tool: "claim_lane",
        arguments: { ...given, ...(ticket === undefined ? {} : { ticket }), wait_s: MOST_WAIT_S },
        why: "to go on waiting",
      },
      { why: "other work meanwhile" },
      {
        tool: "release_lane",
        arguments: { lane: given.lane, ...(given.owner === undefined ? {} : { owner: given.owner }) },
        why: "to give up the place",
      },
    ],
  };
}
