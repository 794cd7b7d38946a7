/** The operations of an intent as they are asked for: those that were committed under it, and those that wait. */
import type { SessionState } from "../../core/session/state.ts";
import type { Intent } from "../../core/session/state/intents.ts";
import type { Operation } from "../../core/session/state/operations.ts";
import type { OperationView, ProposalView } from "../../wire/query/views.ts";
import { fitting, withoutRepeats } from "./answer-size.ts";

/** Operations of one intent, the last ones. */
const OPERATIONS = { items: 5_000, bytes: 500_000 };

/** Those that wait, together with the others under the size of a frame. */
const PROPOSALS = { items: 500, bytes: 100_000 };

/** The last operations. Where there is no room for all, those on the target that was asked about come before others. */
export function viewOperations(
  state: Readonly<SessionState>,
  intent: Intent,
  target: string | undefined,
): { operations: OperationView[]; operation_count?: number } {
  const newestFirst = intent.operations.flatMap((id) => state.operations.get(id) ?? []).reverse();
  const all = fitting(newestFirst, viewOperation, OPERATIONS);
  if (!all.cut) return { operations: all.views.reverse() };
  const asked = newestFirst.filter((operation) => operation.target === target);
  const { views } = fitting(withoutRepeats(asked, newestFirst), viewOperation, OPERATIONS);
  return { operations: views.reverse(), operation_count: newestFirst.length };
}

function viewOperation(operation: Operation): OperationView {
  return {
    op_id: operation.id,
    target: operation.target,
    state: operation.state,
    state_ref_before: operation.stateRefBefore,
    state_ref_after: operation.stateRefAfter,
  };
}

/** What a reviewer decides over: whoever proposed it, in the order in which it came. */
export function viewProposals(
  state: Readonly<SessionState>,
  { proposals }: Intent,
): { proposals?: ProposalView[]; proposal_count?: number } {
  if (proposals.size === 0) return {};
  const waiting = [...proposals].flatMap((id) => state.operations.get(id) ?? []);
  const { views, cut } = fitting(waiting, viewProposal, PROPOSALS);
  return { proposals: views, ...(cut ? { proposal_count: waiting.length } : {}) };
}

function viewProposal(operation: Operation): ProposalView {
  return {
    ...viewOperation(operation),
    principal_id: operation.principal,
    authorized_by: operation.authorizedBy ?? null,
    ...(operation.batch === undefined ? {} : { batch_id: operation.batch }),
  };
}
