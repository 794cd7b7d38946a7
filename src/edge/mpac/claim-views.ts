/** Whose claim on suspended work waits for a word, as a summary shows it. */
import { pendingClaims } from "../../core/session/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { Claim } from "../../core/session/state/claims.ts";
import type { SummaryAnswer } from "../../wire/query.ts";
import type { ClaimView } from "../../wire/query/views.ts";
import { fewPaths, fitting, type Room } from "./answer-size.ts";
import { rfc3339 } from "./coordinator-voice.ts";

export function viewClaims(state: Readonly<SessionState>, room: Room): Pick<SummaryAnswer, "claims" | "claim_count"> {
  const claims = pendingClaims(state);
  if (claims.length === 0) return {};
  return { claims: fitting(claims, (claim) => viewClaim(state, claim), room).views, claim_count: claims.length };
}

function viewClaim({ intents }: Readonly<SessionState>, claim: Claim): ClaimView {
  const all = claim.scope.resources ?? [];
  const resources = fewPaths(all);
  const of = intents.get(claim.intent)?.principal;
  return {
    claim_id: claim.id,
    intent_id: claim.intent,
    ...(of === undefined ? {} : { intent_principal_id: of }),
    principal_id: claim.principal,
    new_intent_id: claim.newIntent,
    objective: claim.objective,
    resources,
    ...(resources.length === all.length ? {} : { resource_count: all.length }),
    since: rfc3339(claim.openedAtMs),
    ...(claim.dueAtMs === undefined ? {} : { due_at: rfc3339(claim.dueAtMs) }),
  };
}
