/**
 * Taking over the suspended work of another (SPEC 14.7.4).
 *
 * | from      | event                                                              | to        |
 * |-----------|--------------------------------------------------------------------|-----------|
 * | (none)    | INTENT_CLAIM of a suspended intent that nobody else claims          | PENDING   |
 * | PENDING   | its grace is over (core), or an owner or arbiter approves it        | APPROVED  |
 * | PENDING   | an owner or arbiter rejects it, or the intent ends                  | REJECTED  |
 * | PENDING   | the intent's owner is back, the claimer is gone or gives it up      | WITHDRAWN |
 *
 * The specification names no message for an approver's word: it is an INTENT_CLAIM that names the claim and has
 * `extensions.signalbox.decision`. Nor does it name one for giving a claim up: that is an INTENT_WITHDRAW of the intent that was
 * to take the original's place.
 */
import type { IntentId } from "../../wire/ids.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { refuse } from "../verdict.ts";
import { hasAuthority } from "./authority.ts";
import { begin } from "./beginnings.ts";
import { suspendedRefusal } from "./intents.ts";
import { scopeMeetings } from "./overlaps.ts";
import { policyOf } from "./policy.ts";
import { isWithin } from "./scope-relations.ts";
import { readScope, resourcesOf, tooManyGlobs } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import type { Claim } from "./state/claims.ts";
import type { Intent } from "./state/intents.ts";
import type { Participant } from "./state/participants.ts";
import { withoutParted } from "./symbols.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";
import { waitingUnder } from "./waiting.ts";

type Decided = SessionEventOf<"ClaimDecided">;

export function decideClaim(
  state: Readonly<SessionState>,
  message: Message<"INTENT_CLAIM">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { claim_id: id, original_intent_id, original_principal_id, new_intent_id, objective, scope, extensions } = message.payload;
  if (extensions?.signalbox?.decision !== undefined) return decideWord(state, message, extensions.signalbox.decision, sender, at);

  const contentHash = at.facts.contentHash ?? "";
  const standing = state.claims.get(id);
  if (standing !== undefined) {
    const same = standing.contentHash === contentHash && standing.principal === sender.id;
    return same ? { standing: { revision: standing.openedAt } } : refuse("id/taken", `claim id ${id} is in use; choose another`);
  }
  if (typeof original_intent_id !== "string" || typeof new_intent_id !== "string") {
    return refuse("message/malformed", "a claim names original_intent_id, and new_intent_id for the intent that takes its place");
  }
  const claimed = claimable(state, original_intent_id, original_principal_id ?? undefined, sender);
  if ("rejected" in claimed) return claimed;
  const { intent } = claimed;
  if (isTaken(state, new_intent_id) || state.keptIds.has(new_intent_id))
    return refuse("id/taken", `intent id ${new_intent_id} is in use; choose another`);

  const read = readScope(scope ?? intent.scope, state.settings);
  if ("rejected" in read) return read;
  if (!isWithin(state, read.scope, [intent.scope])) {
    return refuse("scope/refused", `a claim takes at most what intent ${intent.id} covers; name less of it, and announce the rest`);
  }
  const excess = tooManyGlobs(state, sender.id, read.resources, new Set());
  if (excess !== undefined) return excess;

  const { claimsNeedWord, claimGraceMs } = policyOf(state.settings);
  return {
    events: [
      {
        type: "ClaimOpened",
        claimId: id,
        intentId: intent.id,
        principalId: sender.id,
        newIntentId: new_intent_id,
        objective: objective ?? intent.objective,
        scope: read.scope,
        ...(extensions?.signalbox?.renews === true ? { renews: true } : {}),
        ...(claimsNeedWord ? {} : { dueAtMs: at.atMs + claimGraceMs }),
        contentHash,
      },
    ],
  };
}

/** The intent, when it is suspended, another's, and nobody was faster. */
function claimable(
  state: Readonly<SessionState>,
  id: IntentId,
  principal: string | undefined,
  sender: Participant,
): { readonly intent: Intent } | { readonly rejected: Rejection } {
  const intent = state.intents.get(id);
  if (intent === undefined) return refuse("intent/unknown", `there is no intent ${id}; announce one of your own`);
  if (principal !== undefined && principal !== intent.principal) {
    return refuse("intent/unknown", `${principal} has no intent ${id}; it belongs to ${intent.principal}`, {
      principal_id: intent.principal,
    });
  }
  if (intent.state === "TRANSFERRED") return refuse("claim/taken", `intent ${id} was taken over already; ask who holds its files`);
  if (intent.state === "ACTIVE") {
    return refuse("intent/not-suspended", `intent ${id} is active: ${intent.principal} is there; agree with them, or wait`);
  }
  if (intent.state !== "SUSPENDED") {
    return refuse("intent/ended", `intent ${id} is ${intent.state}; announce one of your own`, { state: intent.state });
  }
  if (intent.principal === sender.id) return suspendedRefusal(id);
  const earlier = intent.claim === undefined ? undefined : state.claims.get(intent.claim);
  if (earlier !== undefined) {
    return refuse("claim/taken", `${earlier.principal} claims intent ${id} already`, {
      claim_id: earlier.id,
      principal_id: earlier.principal,
    });
  }
  return { intent };
}

function isTaken(state: Readonly<SessionState>, id: IntentId): boolean {
  return state.intents.has(id) || waitingUnder(state, id) !== undefined;
}

/** An owner or arbiter says what becomes of a claim. In a core session that is not needed, and still counts before the grace is over. */
function decideWord(
  state: Readonly<SessionState>,
  { payload: { claim_id: id, justification } }: Message<"INTENT_CLAIM">,
  word: "approved" | "rejected",
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const claim = state.claims.get(id);
  if (claim === undefined) return refuse("claim/unknown", `there is no claim ${id}`);
  if (claim.state !== "PENDING") return refuse("claim/not-pending", `claim ${id} is ${claim.state}; nothing is left to decide`);
  if (!hasAuthority(sender) || claim.principal === sender.id) {
    return refuse(
      "principal/no-authority",
      `claim ${id} of ${claim.principal} is decided by an owner or arbiter other than ${claim.principal}`,
    );
  }
  if (word === "rejected") return { events: [decided(claim, "rejected", { reason: justification ?? "not_approved" })] };
  return { events: approval(state, claim, at, { approvedBy: sender.id }) };
}

/** Nothing when no claim of the sender's waits with this intent. */
export function decideGiveUpClaim(
  state: Readonly<SessionState>,
  { payload: { intent_id: id, reason } }: Message<"INTENT_WITHDRAW">,
  sender: Participant,
): Verdict | undefined {
  const claimId = state.keptIds.get(id);
  const claim = claimId === undefined ? undefined : state.claims.get(claimId);
  if (claim === undefined || claim.principal !== sender.id || state.intents.has(id)) return undefined;
  return { events: [decided(claim, "withdrawn", { reason: reason ?? "withdrawn" })] };
}

function decided(claim: Claim, decision: Decided["decision"], how: Pick<Decided, "reason" | "approvedBy" | "dueAtMs">): Decided {
  return { type: "ClaimDecided", claimId: claim.id, intentId: claim.intent, newIntentId: claim.newIntent, decision, ...how };
}

/** The suspended intent is transferred, and the claimer's takes its place; nobody is locked out by it, as by one that proceeds. */
export function approval(
  state: Readonly<SessionState>,
  claim: Claim,
  at: SessionMoment,
  how: Pick<Decided, "approvedBy" | "dueAtMs">,
): SessionEvent[] {
  const { intent, newIntent, principal, objective, scope, renews, contentHash } = claim;
  if (isTaken(state, newIntent)) return [decided(claim, "rejected", { ...how, reason: "new_intent_id_taken" })];
  const resources = resourcesOf(scope, state.settings);
  const all = withoutParted(state, { scope, resources }, scopeMeetings(state, scope, principal));
  const met = all.filter((one) => one.intent.id !== intent);
  const ttlSec = state.settings.intent_ttl_sec;
  const facts = { id: newIntent, principal, objective, scope, resources, ttlSec, renews, contentHash, claimId: claim.id };
  const begun = begin(state, facts, met, [{ id: intent, state: "TRANSFERRED", reason: "claimed", supersededBy: newIntent }], at);
  if ("rejected" in begun) return [decided(claim, "rejected", { ...how, reason: begun.rejected.code })];
  return [decided(claim, "approved", how), ...begun.events];
}

/** Who is gone claims nothing any more. */
export function withdrawnClaims(state: Readonly<SessionState>, { claims }: Participant, reason: string): SessionEvent[] {
  return [...claims].flatMap((id) => state.claims.get(id) ?? []).map((claim) => decided(claim, "withdrawn", { reason }));
}
