/**
 * What happens because time has passed: an intent's time to live ends, a claim's grace, a place in the row, the session
 * itself; and what ended long ago is forgotten.
 *
 * Deadlines are named `<kind>:<id>`, as the switch below lists them; one due item is decided at a time, the earliest first.
 */
import type { BatchId, ClaimId, ConflictId, DeferralId, IntentId, OpId, PrincipalId } from "../../wire/ids.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { NOTHING_TO_DO } from "../verdict.ts";
import { endings } from "./cascade.ts";
import { approval } from "./claims.ts";
import { ended } from "./deferrals.ts";
import { closing } from "./lifecycle.ts";
import type { SessionState } from "./state.ts";
import { isOpen } from "./state/conflicts.ts";
import type { Deferral } from "./state/deferrals.ts";
import { isLive } from "./state/intents.ts";
import { decideUnresolved } from "./timeouts.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";
import { decideTurn } from "./waiting.ts";

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
  if (due === undefined || due.dueAtMs > at.atMs) return NOTHING_TO_DO;

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
    case "claim": {
      const claim = state.claims.get(id as ClaimId);
      if (claim?.state === "PENDING") return { events: approval(state, claim, at, { dueAtMs: due.dueAtMs }) };
      return { events: [forgotten({ claims: [id as ClaimId] })] };
    }
    case "deferral":
      return { events: deferralOf(id).map((one) => ended(one, "expired", "ttl", due.dueAtMs)) };
    case "waiting":
      return { events: deferralOf(id).flatMap((one) => decideTurn(state, one, at)) };
    case "session":
      return { events: closing(state, { reason: id === "ttl" ? "timeout" : "completed", dueAtMs: due.dueAtMs }) };
    case "batch":
      return { events: [forgotten({ batches: [id as BatchId] })] };
    case "conflict": {
      const conflict = state.conflicts.get(id as ConflictId);
      if (conflict !== undefined && isOpen(conflict)) return decideUnresolved(state, conflict, due.dueAtMs, at);
      return { events: [forgotten({ conflicts: [id as ConflictId] })] };
    }
    case "backoff":
      return { events: [forgotten({ backoffs: [id as PrincipalId] })] };
    default:
      return { events: [forgotten({ principals: [id as PrincipalId] })] };
  }

  function deferralOf(named: string): Deferral[] {
    const deferral = state.deferrals.get(named as DeferralId);
    return deferral === undefined ? [] : [deferral];
  }
}
