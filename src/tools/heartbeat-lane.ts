/** `heartbeat_lane`: keeps a lane that is still held. */
import { DEFAULT_LEASE_S, heartbeatLane as request } from "../wire/bus/requests.ts";
import { LaneView } from "../wire/bus/views.ts";
import { askBoard, busOutput, laneInput, leaseInput } from "./bus-result.ts";
import { timeOf } from "./lane-line.ts";
import { LOOK } from "./claim-lane.ts";
import { called } from "./quote.ts";
import { clientRequestId } from "./once.ts";
import { defineTool } from "./tool.ts";

export const heartbeatLane = defineTool({
  name: "heartbeat_lane",
  title: "Keep a lane",
  description: "Renews the lease of a lane that you still hold, from now on. One that has ended is claimed again instead.",
  profile: "lanes",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true },
  input: { ...laneInput(), lease_s: leaseInput(), client_request_id: clientRequestId() },
  output: busOutput("lane", "owner", "expires_at", "fencing_token"),
  async handler(ctx, { lane, owner, lease_s, client_request_id }) {
    const me = await ctx.board.principal();
    const holder = owner ?? me;
    const which = { lane, ...(owner === undefined ? {} : { owner }) };
    const given = { ...which, ...(lease_s === DEFAULT_LEASE_S ? {} : { lease_s }) };
    return askBoard(ctx, {
      tool: "heartbeat_lane",
      request: request(lane, { owner: holder, lease_s, client_request_id }),
      advice: {
        409: [
          { why: "stop what needs the lane: you do not hold it" },
          { tool: "claim_lane", arguments: given, why: "to get it again" },
          LOOK,
        ],
      },
      render: (body) => ({
        lines: [
          `ok: ${holder === me ? "you keep" : `${called(holder)} keeps`} the lane ${called(lane)}, ${timeOf(LaneView.parse(body), ctx.nowMs())}.`,
        ],
        next: [
          { tool: "heartbeat_lane", arguments: given, why: "again before that time" },
          { tool: "release_lane", arguments: which, why: "as soon as you are done" },
        ],
      }),
    });
  },
});
