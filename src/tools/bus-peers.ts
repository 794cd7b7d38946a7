/** `bus_peers`: who is connected to the bus. */
import * as z from "zod";
import { overPeers } from "./peers-result.ts";
import { listed, named } from "./quote.ts";
import { defineTool } from "./tool.ts";

/** Names that the text has. */
const NAMED = 20;

/** Characters of the names in one result. */
const MOST_CHARACTERS = 24_000;

export const busPeers = defineTool({
  name: "bus_peers",
  title: "Who is on the bus",
  description: "Return your own name on the bus (self) and the names of other peers that are connected.",
  profile: "peers",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  input: {},
  output: { self: z.string(), peers: z.array(z.string()), more: z.number().optional() },
  handler: ({ peers }) =>
    overPeers("bus_peers", async () => {
      const { self, others } = await peers.names();
      const shown = others.slice(0, fitting(others));
      const more = others.length - shown.length;
      return {
        structured: { self, peers: shown, ...(more === 0 ? {} : { more }) },
        lines: [`ok: you are ${named(self)}; ${others.length === 0 ? "nobody else is connected" : `connected: ${listed(others, NAMED)}`}.`],
        next: [{ tool: "bus_send", why: "to write to one of them" }],
      };
    }),
});

function fitting(names: readonly string[]): number {
  let characters = 0;
  const over = names.findIndex((name) => (characters += name.length) > MOST_CHARACTERS);
  return over < 0 ? names.length : over;
}
