/** `release_lane`: gives a lane up. */
import { releaseLane as request } from "../wire/bus/requests.ts";
import { askBoard, busOutput, laneInput } from "./bus-result.ts";
import { LOOK } from "./claim-lane.ts";
import { called } from "./quote.ts";
import { clientRequestId } from "./once.ts";
import { defineTool } from "./tool.ts";

export const releaseLane = defineTool({
  name: "release_lane",
  title: "Release a lane",
  description: "Frees a lane of yours for the next one. Twice is fine.",
  profile: "lanes",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true },
  input: { ...laneInput(), client_request_id: clientRequestId() },
  output: busOutput("lane", "released"),
  async handler(ctx, { lane, owner, client_request_id }) {
    const me = await ctx.board.principal();
    const holder = owner ?? me;
    return askBoard(ctx, {
      tool: "release_lane",
      request: request(lane, { owner: holder, client_request_id }),
      advice: { 409: [{ why: "nothing to release: it is not yours" }, LOOK] },
      render: () => ({
        lines: [`ok: ${holder === me ? "you hold" : `${called(holder)} holds`} the lane ${called(lane)} no more.`],
        next: [LOOK],
      }),
    });
  },
});
