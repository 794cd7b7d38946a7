/** `get_bus_status`: who holds which lane, what was left behind, what was said last, and what waits for a person. */
import type { JsonObject } from "../wire/json.ts";
import { busStatus } from "../wire/bus/requests.ts";
import { StatusView } from "../wire/bus/views.ts";
import { askBoard, busOutput } from "./bus-result.ts";
import { counted } from "./counted.ts";
import { laneLine } from "./lane-line.ts";
import { messageLine } from "./message-line.ts";
import { called } from "./quote.ts";
import { type Answer, defineTool } from "./tool.ts";

/** How many of each kind the text names, and how much of a message. */
const NAMED_LANES = 20;
const NAMED_MESSAGES = 5;
const SHOWN_BODY = 200;

export const getBusStatus = defineTool({
  name: "get_bus_status",
  title: "Lanes and messages",
  description:
    "Shows which lanes are held and by whom, claims that were left behind, the latest messages, and those that wait for a person.",
  profile: "lanes",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  input: {},
  output: busOutput("active_lanes", "orphaned_claims", "recent_messages", "pending_action_flags", "writes"),
  async handler(ctx) {
    const me = await ctx.board.principal();
    return askBoard(ctx, { tool: "get_bus_status", request: busStatus(), render: (body) => rendered(body, me, ctx.nowMs()) });
  },
});

function rendered(body: JsonObject, me: string, nowMs: number): Omit<Answer, "structured"> {
  const { active_lanes, orphaned_claims, recent_messages, pending_action_flags, writes } = StatusView.parse(body);
  // Each is said once: a lane whose holder is gone is in both lists, and so may be a message that is flagged.
  const left = orphaned_claims.filter((claim) => !active_lanes.some(({ lane }) => lane === claim.lane));
  const others = recent_messages.filter((message) => !pending_action_flags.some(({ id }) => id !== undefined && id === message.id));
  const counts = [
    counted(active_lanes.length, "lane held", "lanes held"),
    counted(left.length, "orphaned claim", "orphaned claims"),
    counted(recent_messages.length, "recent message", "recent messages"),
    `${counted(pending_action_flags.length, "message", "messages")} waiting for a person`,
  ];
  const free = left.find(({ state, lane }) => state === "expired" && lane !== undefined)?.lane;
  return {
    lines: [
      `ok: ${counts.join(", ")}.${writes === undefined ? "" : ` Writes: ${called(writes)}.`}`,
      ...block("Lane", active_lanes, NAMED_LANES, (lane) => laneLine(lane, me, nowMs)),
      ...block("Orphaned", left, NAMED_LANES, (lane) => laneLine(lane, me, nowMs)),
      ...block("Flagged", pending_action_flags, NAMED_MESSAGES, (message) => messageLine(message, nowMs, SHOWN_BODY)),
      ...block("Message", others, NAMED_MESSAGES, (message) => messageLine(message, nowMs, SHOWN_BODY)),
    ],
    next: [
      ...(free === undefined ? [] : [{ tool: "claim_lane", arguments: { lane: free }, why: "if you need it: its lease has ended" }]),
      { tool: "read_messages", why: "for whole messages, by topic" },
      { tool: "claim_lane", why: "before you do what only one may do at a time" },
    ],
  };
}

function block<Item>(title: string, items: readonly Item[], most: number, line: (item: Item) => string): string[] {
  const more = items.length - most;
  return [...items.slice(0, most).map((item) => `${title}: ${line(item)}`), ...(more > 0 ? [`and ${more} more`] : [])];
}
