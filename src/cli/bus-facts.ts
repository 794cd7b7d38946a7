/** What `status` and `doctor` say of the coordination bus, in a line; nothing where none answers, as at older sidecars. */
import type { BusAddress } from "../client/bus.ts";
import { namedBus } from "../client/bus-settings.ts";
import { named } from "../tools/quote.ts";
import { busStatus } from "../wire/bus/requests.ts";
import { StatusView } from "../wire/bus/views.ts";
import { answerOf } from "./board-bus.ts";

/** @param own - the session's own bus; another one that BUS_MCP_BASE_URL names is asked instead */
export async function busFacts(own: Pick<BusAddress, "base" | "token">): Promise<StatusView | undefined> {
  const base = namedBus(process.env);
  const answer = await answerOf(base === undefined ? own : { base }, busStatus());
  return answer.ok ? StatusView.parse(answer.body) : undefined;
}

/** `2 lanes held, 1 orphaned; 1 message waits for a person; bus writes: open` */
export function busLine({ active_lanes, orphaned_claims, pending_action_flags, writes }: StatusView): string {
  const orphaned = orphaned_claims.length === 0 ? "" : `, ${orphaned_claims.length} orphaned`;
  const flags = pending_action_flags.length;
  return [
    `${active_lanes.length} ${active_lanes.length === 1 ? "lane" : "lanes"} held${orphaned}`,
    ...(flags === 0 ? [] : [`${flags} ${flags === 1 ? "message waits" : "messages wait"} for a person`]),
    ...(writes === undefined ? [] : [`bus writes: ${named(writes)}`]),
  ].join("; ");
}
