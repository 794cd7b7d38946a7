/** `bus_broadcast`: mail to every peer that is connected. */
import * as z from "zod";
import type { Json } from "../wire/json.ts";
import { mailOnce } from "./mail-once.ts";
import { clientRequestId, requestOfMail } from "./once.ts";
import { anyBody, overPeers } from "./peers-result.ts";
import { defineTool } from "./tool.ts";

export const busBroadcast = defineTool({
  name: "bus_broadcast",
  title: "Send to all peers",
  description: "Broadcast a message to every currently-registered peer except yourself.",
  profile: "peers",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false },
  input: { body: anyBody(), client_request_id: clientRequestId() },
  output: { broadcast: z.boolean() },
  handler: (ctx, { body, client_request_id: requestId }) =>
    overPeers("bus_broadcast", async () => {
      const { once } = mailOnce(ctx, await requestOfMail(ctx, "bus_broadcast", requestId), "*", body as Json);
      await ctx.peers.broadcast(body as Json, once);
      return {
        structured: { broadcast: true },
        lines: ["ok: sent to every peer that is connected now. Those who are away do not get it."],
        next: [{ tool: "bus_peers", arguments: {}, why: "see who is connected" }],
      };
    }),
});
