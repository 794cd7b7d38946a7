/** As whom a call about a conflict is made. */
import type { ToolContext } from "./ports.ts";
import type { Coordination } from "./ports/session.ts";

/** The session as the one of the caller and its sub-agents whom the conflict is about. */
export async function partyTo({ coordination, agents }: ToolContext, conflictId: string): Promise<Coordination> {
  const { open_conflicts } = await coordination.summary({ limit: 1 });
  const conflict = open_conflicts.find(({ conflict_id }) => conflict_id === conflictId);
  for (const party of [conflict?.principal_a, conflict?.principal_b]) {
    const found = typeof party === "string" ? await agents.named(party) : undefined;
    if (found !== undefined) return found;
  }
  return coordination;
}
