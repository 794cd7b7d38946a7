/** What becomes of intents, and of the index and the owners that follow from them. */
import type { IntentId } from "../../../wire/ids.ts";
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import { parseResource } from "../../scope/resource.ts";
import { reachOf } from "../dependency-reach.ts";
import { NO_MEMBERS, withMember, withoutMember } from "../sparse-set.ts";
import { footprintOnce, pathRules } from "../scopes.ts";
import type { SessionState } from "../state.ts";
import { type Intent, isLive, type LiveState } from "../state/intents.ts";
import { ease, joinFreezes } from "./conflicts.ts";
import { scheduleIntent, scheduleParticipant } from "./forgetting.ts";
import { reconsider } from "./waiting.ts";

export function announce(state: SessionState, event: SessionEventOf<"IntentAnnounced">, at: Place): void {
  const { resources } = footprintOnce(event.scope, state.settings);
  const intent: Intent = {
    id: event.intentId,
    principal: event.principalId,
    state: "ACTIVE",
    objective: event.objective,
    scope: event.scope,
    resources,
    fence: event.fence,
    ttlSec: event.ttlSec,
    expiresAtMs: event.expiresAtMs,
    renews: event.renews ?? false,
    priority: event.priority ?? "normal",
    announcedAtMs: at.atMs,
    announcedAt: at.revision,
    contentHash: event.contentHash,
    endReason: undefined,
    supersededBy: undefined,
    operations: [],
    proposals: NO_MEMBERS,
    claim: undefined,
    conflicts: NO_MEMBERS,
  };
  const owner = state.participants.get(intent.principal);
  state.fence = Math.max(state.fence, event.fence);
  state.intents.set(intent.id, intent);
  state.liveIntents.add(intent.id);
  state.tally.intents += 1;
  owner?.intents.add(intent.id);
  hold(state, intent);
  scheduleIntent(state, intent, at.atMs);
  scheduleParticipant(state, owner, at.atMs);
  reconsider(state, intent, at);
}

/** Who holds patterns may not hold many of them: those are counted in the intents that have any. */
function setPatterned({ patterned }: SessionState, { id, principal }: Intent, isPatterned: boolean): void {
  const before = patterned.get(principal) ?? NO_MEMBERS;
  const after = isPatterned ? withMember(before, id) : withoutMember(before, id);
  if (after.size === 0) patterned.delete(principal);
  else patterned.set(principal, after);
}

/** What its scope stands for, and the files that its changes reach, are found by whoever comes next. */
function hold(state: SessionState, intent: Intent): void {
  state.index.add(intent.id, footprintOnce(intent.scope, state.settings));
  setPatterned(
    state,
    intent,
    intent.resources.some(({ glob }) => glob),
  );
  const { impact } = reachOf(intent.scope, state.settings);
  if (impact.length === 0) state.impacts.remove(intent.id);
  else state.impacts.add(intent.id, impact);
}

export function update(state: SessionState, event: SessionEventOf<"IntentUpdated">, at: Place): void {
  const intent = state.intents.get(event.intentId);
  if (intent === undefined) return;
  intent.ttlSec = event.ttlSec;
  intent.expiresAtMs = event.expiresAtMs;
  if (event.renews === true) intent.renews = true;
  if (event.objective !== undefined) intent.objective = event.objective;
  if (event.scope !== undefined) {
    const before = { ...intent };
    intent.scope = event.scope;
    intent.resources = footprintOnce(event.scope, state.settings).resources;
    hold(state, intent);
    joinFreezes(state, intent, at);
    reconsider(state, before, at);
    reconsider(state, intent, at);
  }
  scheduleIntent(state, intent, at.atMs);
}

export function endIntent(state: SessionState, event: SessionEventOf<"IntentEnded">, at: Place): void {
  const intent = state.intents.get(event.intentId);
  if (intent === undefined) return;
  intent.state = event.state;
  intent.endReason = event.reason;
  intent.supersededBy = event.supersededBy;
  state.liveIntents.delete(intent.id);
  state.index.remove(intent.id);
  state.impacts.remove(intent.id);
  setPatterned(state, intent, false);
  count(state.tally, intent);
  const owner = state.participants.get(intent.principal);
  owner?.intents.delete(intent.id);
  scheduleParticipant(state, owner, at.atMs);
  scheduleIntent(state, intent, at.atMs);
  reconsider(state, intent, at);
  ease(state, intent.conflicts, at);
}

/** SPEC 9.6.2 counts an intent as completed when its owner, or another in its place, brought it to its end. */
function count(tally: SessionState["tally"], intent: Intent): void {
  if (intent.state === "EXPIRED") tally.expired += 1;
  else if (intent.state === "WITHDRAWN" && intent.operations.length === 0) tally.withdrawn += 1;
  else tally.completed += 1;
}

export function setLive(state: SessionState, id: IntentId, next: LiveState, at: Place, fence?: number): void {
  const intent = state.intents.get(id);
  if (intent === undefined) return;
  intent.state = next;
  reconsider(state, intent, at);
  if (fence === undefined) return;
  intent.fence = fence;
  state.fence = Math.max(state.fence, fence);
}

/** The time to live of what fell into the gap, or falls due before its owner can be back, moves behind it. */
export function moveDeadlines(state: SessionState, { fromMs, untilMs }: SessionEventOf<"Resumed">, at: Place): void {
  for (const id of state.liveIntents) {
    const intent = state.intents.get(id);
    if (intent === undefined || intent.expiresAtMs < fromMs || intent.expiresAtMs >= untilMs) continue;
    intent.expiresAtMs = untilMs;
    scheduleIntent(state, intent, at.atMs);
  }
}

/** The session moved to a file system that compares names differently, or has another registry of resources. */
export function readScopesAnew(state: SessionState): void {
  for (const intent of state.intents.values()) {
    intent.resources = footprintOnce(intent.scope, state.settings).resources;
    if (isLive(intent)) hold(state, intent);
  }
  for (const { id, target, state: stands } of state.operations.values()) {
    const resource = parseResource(target, pathRules(state.settings));
    if (stands === "COMMITTED" && !("refused" in resource)) state.written.add(id, [resource]);
  }
}
