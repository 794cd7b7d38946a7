/**
 * What happens because time has passed: an intent's time to live ends, and what ended long ago is forgotten.
 *
 * Deadlines are named `intent:<id>`, `operation:<id>`, `conflict:<id>` and `principal:<id>`; one due item is decided at a
 * time, the earliest first.
 */
import type { BatchId, ClaimId, ConflictId, IntentId, OpId, PrincipalId } from "../../wire/ids.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { endings } from "./cascade.ts";
import { isLive, type SessionState } from "./state.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";

type Forgotten = SessionEventOf<"Forgotten">;

const forgotten = (what: Partial<Omit<Forgotten, "type">>): SessionEvent => ({
  type: "Forgotten",
  intents: [],
  operations: [],
  conflicts: [],
  principals: [],
  ...what,
});

export function decideTick(state: Readonly<SessionState>, at: SessionMoment): Verdict {
  const due = state.deadlines.first();
  if (due === undefined || due.dueAtMs > at.atMs) return { standing: { revision: 0 } };

  const colon = due.id.indexOf(":");
  const kind = due.id.slice(0, colon);
  const id = due.id.slice(colon + 1);
  switch (kind) {
    case "intent": {
      const intent = state.intents.get(id as IntentId);
      if (intent === undefined || !isLive(intent)) {
        return { events: [forgotten({ intents: [id as IntentId], operations: intent?.operations ?? [] })] };
      }
      return { events: endings(state, [{ id: intent.id, state: "EXPIRED", reason: "ttl", dueAtMs: due.dueAtMs }]) };
    }
    case "operation":
      return { events: [forgotten({ operations: [id as OpId] })] };
    case "claim":
      return { events: [forgotten({ claims: [id as ClaimId] })] };
    case "batch":
      return { events: [forgotten({ batches: [id as BatchId] })] };
    case "conflict":
      return { events: [forgotten({ conflicts: [id as ConflictId] })] };
    default:
      return { events: [forgotten({ principals: [id as PrincipalId] })] };
  }
}
