/** How an author replaces an operation of its own that was committed (SPEC 16.5). */
import type { Message } from "../../wire/mpac/messages.ts";
import type { SessionEventOf } from "../../wire/session.ts";
import { parseResource } from "../scope/resource.ts";
import { refuse } from "../verdict.ts";
import { dismissalsAfter } from "./dismissal.ts";
import { intentBars } from "./grounds.ts";
import { takenRefusal } from "./known-operation.ts";
import { pathRules } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import type { Participant } from "./state/participants.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";

/**
 * The reference read from disk comes as `state_ref_after`. Without a token an author may do so after its intent was
 * suspended or ended, and while the target is frozen: that is how a change that never reached the disk is taken back.
 */
export function decideSupersede(
  state: Readonly<SessionState>,
  message: Message<"OP_SUPERSEDE">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { payload } = message;
  const contentHash = at.facts.contentHash ?? "";
  const standing = state.operations.get(payload.op_id);
  if (standing !== undefined) {
    const same = standing.principal === sender.id && standing.contentHash === contentHash;
    return same ? { standing: { revision: standing.committedAt } } : takenRefusal(standing);
  }

  const earlier = state.operations.get(payload.supersedes_op_id);
  if (earlier === undefined) return refuse("operation/unknown", `there is no operation ${payload.supersedes_op_id}`);
  if (earlier.principal !== sender.id) return refuse("operation/not-owner", `operation ${earlier.id} belongs to ${earlier.principal}`);
  if (earlier.state !== "COMMITTED") {
    return refuse("operation/not-committed", `operation ${earlier.id} is ${earlier.state}, not COMMITTED`, { state: earlier.state });
  }
  const barred = intentBars(state, payload, sender, "take back");
  if (barred !== undefined) return barred;
  const target = parseResource(payload.target, pathRules(state.settings));
  if ("refused" in target) return refuse("scope/refused", target.refused, { resource: payload.target });
  if (target.path !== earlier.target) {
    return refuse("message/malformed", `operation ${earlier.id} is about ${earlier.target}; a superseding one has the same target`);
  }

  const superseded: SessionEventOf<"OperationSuperseded"> = {
    type: "OperationSuperseded",
    opId: earlier.id,
    supersededBy: payload.op_id,
    principalId: sender.id,
    target: earlier.target,
    tree: earlier.tree,
    stateRefAfter: payload.state_ref_after ?? null,
    ...(payload.reason === undefined || payload.reason === null ? {} : { reason: payload.reason }),
    contentHash,
  };
  return { events: [superseded, ...dismissalsAfter(state, new Set(), new Set([earlier.id]))] };
}
