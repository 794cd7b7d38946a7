/** A claim that waits for a word in a sentence, and what a person runs to give that word. */
import type { ClaimView } from "../wire/query/views.ts";
import { listed, named, quoted } from "./quote.ts";
import { since, until } from "./times.ts";

/** `cy asks for intent-x of bo: src/a.ts since 14:03Z (for 4 min): "objective" (claim-1)` */
export function claimLine(claim: ClaimView, principalId: string, nowMs: number): string {
  const { principal_id: who, intent_id, intent_principal_id: owner, resources, resource_count, objective, claim_id, due_at } = claim;
  const asks = who === principalId ? "you ask" : `${named(who)} asks`;
  const of = owner === undefined ? "" : ` of ${owner === principalId ? "you" : named(owner)}`;
  const waits = due_at === undefined ? "an owner or arbiter decides" : `its owner may come back ${until(due_at, nowMs)}`;
  return `${asks} for ${named(intent_id)}${of}: ${listed(resources, 3, resource_count)} ${since(claim.since, nowMs)}: ${quoted(objective, 120)} (${named(claim_id)}, ${waits})`;
}

/** What somebody with the role of an owner runs in the repository. An id may hold what a shell obeys: such a one is left to be filled in. */
export function decideCommand(claimId: string): string {
  return `signalbox claim ${/^\w[\w.:@+-]{0,199}$/.test(claimId) ? claimId : "<claim_id>"} approve`;
}
