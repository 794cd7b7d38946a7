/** `bus_send`: mail to one peer. */
import * as z from "zod";
import type { Json } from "../wire/json.ts";
import { failed } from "./failure.ts";
import { anyBody, overPeers } from "./peers-result.ts";
import { mailOnce } from "./mail-once.ts";
import { clientRequestId, requestOfMail } from "./once.ts";
import { named } from "./quote.ts";
import { defineTool } from "./tool.ts";

export const busSend = defineTool({
  name: "bus_send",
  title: "Send to a peer",
  description: "Send a direct message to one peer on the bus. It is kept for a peer that is away.",
  profile: "peers",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false },
  input: { to: z.string().min(1).max(1024).describe("A name of bus_peers."), body: anyBody(), client_request_id: clientRequestId() },
  output: { sent: z.boolean(), to: z.string() },
  handler: (ctx, { to, body, client_request_id: requestId }) =>
    overPeers("bus_send", async () => {
      if (to === "*") {
        const message = "to is one peer; bus_broadcast reaches all who are connected";
        return failed({ code: "INVALID_ARGUMENTS", message, recoverable: true, next: [{ tool: "bus_broadcast", why: "for all" }] });
      }
      const { once } = mailOnce(ctx, await requestOfMail(ctx, "bus_send", requestId), to, body as Json);
      await ctx.peers.send(to, body as Json, once);
      return {
        structured: { sent: true, to },
        lines: [`ok: sent to ${named(to)}. Nobody says whether anybody has that name.`],
        next: [{ tool: "bus_peers", arguments: {}, why: "see who is connected" }],
      };
    }),
});
