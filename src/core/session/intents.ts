/**
 * When a participant may declare what it means to change, change the declaration, and take it back (SPEC 15).
 *
 * | from      | event                         | to         |
 * |-----------|-------------------------------|------------|
 * | (none)    | INTENT_ANNOUNCE               | ACTIVE     |
 * | ACTIVE    | INTENT_UPDATE by its owner    | ACTIVE     |
 * | ACTIVE, SUSPENDED | INTENT_WITHDRAW by its owner | WITHDRAWN |
 * | ACTIVE, SUSPENDED | owner leaves, a resolution rejects it, the session closes | WITHDRAWN |
 * | ACTIVE, SUSPENDED | own announcement over it | SUPERSEDED |
 * | ACTIVE, SUSPENDED | time to live           | EXPIRED    |
 * | ACTIVE    | owner lapses, hands over, or its model is down | SUSPENDED |
 * | SUSPENDED | owner is back, or its model is | ACTIVE    |
 * | SUSPENDED | a claim on it is approved     | TRANSFERRED |
 *
 * The specification's table has neither the withdrawal nor the superseding of a suspended intent; owners need both, for
 * GOODBYE and for what they announce when they are back.
 */
import type { ConflictId, IntentId } from "../../wire/ids.ts";
import type { Message, Scope } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import { refuse } from "../verdict.ts";
import { backoffOver } from "./backoff.ts";
import { begin, type Beginner, superseded } from "./beginnings.ts";
import { type Ending, endings } from "./cascade.ts";
import { breakagesWith } from "./dependency.ts";
import { withDuplicate } from "./duplicates.ts";
import { frozenOver } from "./frozen.ts";
import { conflictsWith, heldRefusal, isLocking, scopeMeetings, tooManyConflicts } from "./overlaps.ts";
import { beyond } from "./scope-relations.ts";
import { readScope, tooManyGlobs } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import { isLive, type Intent } from "./state/intents.ts";
import type { Participant } from "./state/participants.ts";
import { withoutParted } from "./symbols.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";
import { decideGiveUp, decideWait, isSameScope, isSpokenFor } from "./waiting.ts";

/** Narrows a list that is known to have a first element. */
const some = <Item>(list: readonly Item[]): list is readonly [Item, ...Item[]] => list.length > 0;

/** The intent, when it is live and the sender's own. */
export function ownLiveIntent(
  state: Readonly<SessionState>,
  id: IntentId,
  sender: Participant,
): { readonly intent: Intent } | { readonly rejected: Rejection } {
  const intent = state.intents.get(id);
  if (intent === undefined) return refuse("intent/unknown", `there is no intent ${id}; announce it first`);
  if (intent.principal !== sender.id) return refuse("intent/not-owner", `intent ${id} belongs to ${intent.principal}`);
  if (!isLive(intent)) return refuse("intent/ended", `intent ${id} is ${intent.state}; announce a new one`, { state: intent.state });
  return { intent };
}

export function suspendedRefusal(id: IntentId): { readonly rejected: Rejection } {
  return refuse("intent/suspended", `intent ${id} is suspended; send HELLO or HEARTBEAT to take it up again`);
}

/** Seconds that it says it lives, whichever way. */
function lifeOf({ ttl_sec, expiry_ms }: Message<"INTENT_ANNOUNCE" | "INTENT_UPDATE">["payload"]): number | undefined {
  return ttl_sec ?? (typeof expiry_ms === "number" ? expiry_ms / 1_000 : undefined);
}

export function decideAnnounce(
  state: Readonly<SessionState>,
  message: Message<"INTENT_ANNOUNCE">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { intent_id: id, objective, priority, supersedes_intent_id, extensions } = message.payload;
  const contentHash = at.facts.contentHash ?? "";
  const waits = state.settings.race_lock && extensions?.signalbox?.on_overlap === "wait";

  const standing = state.intents.get(id);
  if (standing !== undefined && !waits) return repeatOf(standing, sender, contentHash);
  if (isSpokenFor(state, id, sender)) return refuse("id/taken", `intent id ${id} is in use; choose another`);

  const read = readScope(message.payload.scope, state.settings);
  if ("rejected" in read) return read;
  // Who asked for its place once more while it began is told that it has.
  if (standing !== undefined) return repeatOf(standing, sender, isSameScope(standing, read) ? standing.contentHash : contentHash);

  const over = frozenOver(state, read.scope);
  if ("rejected" in over) return over;
  const early = backoffOver(state, sender.id, read.scope, at.atMs);
  if (early !== undefined) return early;

  const beginner: Beginner = {
    id,
    principal: sender.id,
    objective: objective ?? "",
    scope: read.scope,
    resources: read.resources,
    ttlSec: lifeOf(message.payload) ?? state.settings.intent_ttl_sec,
    priority: priority ?? undefined,
    renews: extensions?.signalbox?.renews,
    contentHash,
  };
  const asked = { waitSec: extensions?.signalbox?.wait_sec, replaces: supersedes_intent_id ?? undefined };
  const waited = waits ? decideWait(state, beginner, asked, sender, at) : undefined;
  if (waited !== undefined) return waited;

  const met = withoutParted(state, read, scopeMeetings(state, read.scope, sender.id));
  const locking = met.filter((meeting) => meeting.intent.principal !== sender.id && isLocking(meeting));
  const proceeds = !state.settings.race_lock || extensions?.signalbox?.on_overlap === "proceed";
  if (!proceeds && some(locking)) {
    return withDuplicate(heldRefusal(state, locking, read.resources), { objective, scope: read.scope }, locking);
  }

  const ending: Ending[] = [];
  if (supersedes_intent_id !== undefined && supersedes_intent_id !== null) {
    const named = ownLiveIntent(state, supersedes_intent_id, sender);
    if ("rejected" in named) return named;
    ending.push(superseded(named.intent.id, id));
  }
  const begun = begin(state, beginner, met, ending, at);
  return "rejected" in begun || over.frozen.length === 0 ? begun : { ...begun, result: { ...begun.result, frozen: over.frozen } };
}

function repeatOf(standing: Intent, sender: Participant, contentHash: string): Verdict {
  const same = standing.principal === sender.id && standing.contentHash === contentHash && isLive(standing);
  if (!same) return refuse("id/taken", `intent id ${standing.id} is in use; choose another`);
  return {
    standing: { revision: standing.announcedAt, result: { fence: standing.fence, conflicts: [...standing.conflicts], superseded: [] } },
  };
}

/**
 * A wider scope is not locked (SPEC 15.3.2 is about announcing): it is taken, and meeting another makes a conflict.
 * A sender that wants the lock asks for it with `on_overlap: "block"`.
 */
export function decideUpdate(
  state: Readonly<SessionState>,
  message: Message<"INTENT_UPDATE">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { intent_id: id, objective, scope, extensions } = message.payload;
  const own = ownLiveIntent(state, id, sender);
  if ("rejected" in own) return own;
  const { intent } = own;
  if (intent.state === "SUSPENDED") return suspendedRefusal(id);

  const ttlSec = lifeOf(message.payload) ?? intent.ttlSec;
  const updated = { type: "IntentUpdated" as const, intentId: id, ttlSec, expiresAtMs: at.atMs + Math.round(ttlSec * 1000) };
  const renews = extensions?.signalbox?.renews === true && !intent.renews ? { renews: true } : {};
  const changed = { ...updated, ...(objective === undefined || objective === null ? {} : { objective }), ...renews };
  if (scope === undefined || scope === null) return { events: [changed], result: { fence: intent.fence } };

  const read = readScope(scope, state.settings);
  if ("rejected" in read) return read;
  const over = addition(state, intent, read.scope, at.atMs);
  if ("rejected" in over) return over;
  const met = withoutParted(state, read, scopeMeetings(state, read.scope, sender.id));
  const others = met.filter((meeting) => meeting.intent.principal !== sender.id);
  const locking = others.filter(isLocking);
  const wish = extensions?.signalbox?.on_overlap;
  // An update cannot wait: what is held is refused, and the intent stays as it is.
  const blocks = state.settings.race_lock && (wish === "block" || wish === "wait");
  if (blocks && some(locking)) {
    return withDuplicate(
      heldRefusal(state, locking, read.resources),
      { objective: objective ?? intent.objective, scope: read.scope },
      locking,
    );
  }
  const excess = tooManyGlobs(state, sender.id, read.resources, new Set([id])) ?? tooManyConflicts(state, id, others);
  if (excess !== undefined) return excess;

  const newcomer = { id, principal: sender.id, scope: read.scope, resources: read.resources };
  const direct = others.map((one) => one.intent.id);
  const conflicts = [...conflictsWith(state, newcomer, others, at), ...breakagesWith(state, newcomer, direct, at)];
  return {
    events: [{ ...changed, scope: read.scope }, ...conflicts],
    result: { fence: intent.fence, conflicts: conflicts.map((conflict) => conflict.conflictId), ...over },
  };
}

/** What a scope adds to its intent is held to what an announcement of it would be; what the intent holds is not asked again. */
function addition(
  state: Readonly<SessionState>,
  { scope: held, principal }: Intent,
  scope: Scope,
  nowMs: number,
): { readonly rejected: Rejection } | { readonly frozen?: readonly ConflictId[] } {
  if (state.frozen.size === 0 && !state.backoffs.has(principal)) return {};
  const added = beyond(state, scope, held);
  if (added === undefined) return {};
  const over = frozenOver(state, added);
  if ("rejected" in over) return over;
  return backoffOver(state, principal, added, nowMs) ?? (over.frozen.length === 0 ? {} : over);
}

export function decideWithdraw(state: Readonly<SessionState>, message: Message<"INTENT_WITHDRAW">, sender: Participant): Verdict {
  const { intent_id: id, reason } = message.payload;
  const givenUp = decideGiveUp(state, id, sender);
  if (givenUp !== undefined) return givenUp;
  const own = ownLiveIntent(state, id, sender);
  if ("rejected" in own) return own;
  return { events: endings(state, [{ id, state: "WITHDRAWN", reason: reason ?? "withdrawn" }]) };
}
