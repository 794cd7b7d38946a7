/** `bus_peers`: who is connected to the bus. */
import * as z from "zod";
import { overPeers } from "./peers-result.ts";
import { listed, named } from "./quote.ts";
import { defineTool } from "./tool.ts";

/** Names that the text has. */
const NAMED = 20;

export const busPeers = defineTool({
  name: "bus_peers",
  title: "Who is on the bus",
  description: "Return your own name on the bus (self) and the names of other peers that are connected.",
  profile: "peers",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  input: {},
  output: { self: z.string(), peers: z.array(z.string()) },
  handler: ({ peers }) =>
    overPeers("bus_peers", async () => {
      const { self, others } = await peers.names();
      return {
        structured: { self, peers: others },
        lines: [`ok: you are ${named(self)}; ${others.length === 0 ? "nobody else is connected" : `connected: ${listed(others, NAMED)}`}.`],
        next: [{ tool: "bus_send", why: "to write to one of them" }],
      };
    }),
});
