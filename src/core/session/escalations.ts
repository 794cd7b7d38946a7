/**
 * Whom a conflict is brought before (SPEC 17.4). Anybody may do that, once: an escalated conflict is decided, not passed on,
 * unless the coordinator brings it before an arbiter because of the time that has gone (`timeouts.ts`).
 */
import type { PrincipalId } from "../../wire/ids.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import { refuse } from "../verdict.ts";
import { availableArbiters, candidates, hasAuthority } from "./authority.ts";
import type { SessionState } from "./state.ts";
import { type Conflict, isOpen } from "./state/conflicts.ts";
import type { Participant } from "./state/participants.ts";
import type { Verdict } from "./verdict.ts";

export function decideEscalate(state: Readonly<SessionState>, message: Message<"CONFLICT_ESCALATE">, sender: Participant): Verdict {
  const { conflict_id: id, escalate_to, reason } = message.payload;
  const conflict = state.conflicts.get(id);
  if (conflict === undefined) return refuse("conflict/unknown", `there is no conflict ${id}`);
  if (!isOpen(conflict)) return refuse("conflict/ended", `conflict ${id} is ${conflict.state}; nothing is left to escalate`);
  const named = escalate_to ?? undefined;
  if (conflict.state === "ESCALATED") return repeatOf(conflict, named);

  const target = named === undefined ? onlyArbiter(state, conflict) : authority(state, named);
  if ("rejected" in target) return target;
  return {
    events: [{ type: "ConflictEscalated", conflictId: id, by: sender.id, to: target.id, reason: reason ?? "" }],
    result: { escalated_to: target.id },
  };
}

function repeatOf({ id, escalatedTo = "", openedAt }: Conflict, named: string | undefined): Verdict {
  if (named === undefined || named === escalatedTo) return { standing: { revision: openedAt, result: { escalated_to: escalatedTo } } };
  return refuse("conflict/escalated", `conflict ${id} is before ${escalatedTo} already; wait for the RESOLUTION`, {
    escalated_to: escalatedTo,
  });
}

type Target = { readonly id: PrincipalId } | { readonly rejected: Rejection };

function authority(state: Readonly<SessionState>, named: string): Target {
  const target = state.participants.get(named as PrincipalId);
  const able = candidates(state);
  const instead = able.length === 0 ? "nobody here is" : `name one of ${able.join(", ")}`;
  if (target === undefined || target.presence === "left") {
    return refuse("principal/unknown", `${named} is not in this session; escalate to an owner or arbiter: ${instead}`, {
      candidates: able,
    });
  }
  if (hasAuthority(target)) return target;
  return refuse("principal/no-authority", `${named} is neither owner nor arbiter, so nothing is escalated there: ${instead}`, {
    candidates: able,
  });
}

function onlyArbiter(state: Readonly<SessionState>, conflict: Conflict): Target {
  const arbiters = availableArbiters(state, conflict);
  const [first, second] = arbiters;
  if (first !== undefined && second === undefined) return first;
  if (first !== undefined) {
    const ids = arbiters.map(({ id }) => id);
    return refuse("message/malformed", `there are several arbiters; name one of ${ids.join(", ")} in escalate_to`, { candidates: ids });
  }
  const able = candidates(state);
  const instead = able.length === 0 ? " and no owner; wait for one" : `; name one of ${able.join(", ")} in escalate_to`;
  return refuse("principal/unknown", `no arbiter is here${instead}`, { candidates: able });
}
