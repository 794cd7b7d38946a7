/**
 * How events become state: dull, total, and the only writer of a session's state.
 *
 * It checks nothing and knows no clock. What it keeps beside the facts (index, deadlines, who owns what) follows from them.
 */
import type { ConflictId, IntentId, PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { type Place, unreachable } from "../aggregate.ts";
import { parseResource } from "../scope/resource.ts";
import { pathRules, resourcesOf } from "./scopes.ts";
import { type Intent, isLive, type Participant, REMEMBERED_MS, REMEMBERED_REQUESTS, type SessionState, VIRTUAL_TREE } from "./state.ts";

export function evolve(state: SessionState, event: SessionEvent, at: Place): void {
  state.spread += 1;
  switch (event.type) {
    case "Opened":
      state.id = event.sessionId;
      state.epoch = event.epoch;
      state.settings = event.settings;
      return;
    case "Resumed":
      return moveDeadlines(state, event);
    case "ParticipantJoined":
      return join(state, event, at);
    case "ParticipantStatus":
      return changeStatus(state, event);
    case "ParticipantLeft":
      return depart(state, event.principalId, "left", at);
    case "ParticipantLapsed":
      return depart(state, event.principalId, "unavailable", at);
    case "IntentAnnounced":
      return announce(state, event, at);
    case "IntentUpdated":
      return update(state, event);
    case "IntentEnded":
      return endIntent(state, event, at);
    case "IntentSuspended":
      return setLive(state, event.intentId, "SUSPENDED");
    case "IntentRestored":
      state.fence = Math.max(state.fence, event.fence);
      return setLive(state, event.intentId, "ACTIVE", event.fence);
    case "ConflictOpened":
      return openConflict(state, event, at);
    case "ConflictAcknowledged": {
      const conflict = state.conflicts.get(event.conflictId);
      if (conflict === undefined) return;
      conflict.acknowledgements.set(event.principalId, event.ackType);
      conflict.state = event.state;
      return;
    }
    case "ConflictDismissed":
      return dismissConflict(state, event.conflictId, at);
    case "OperationCommitted":
      return commit(state, event, at);
    case "OperationSuperseded":
      return supersede(state, event, at);
    case "Forgotten":
      return forget(state, event);
    case "Settled":
      return settle(state, event, at);
    default:
      return unreachable(event);
  }
}

function moveDeadlines(state: SessionState, { fromMs, untilMs }: SessionEventOf<"Resumed">): void {
  for (const id of state.liveIntents) {
    const intent = state.intents.get(id);
    if (intent === undefined || intent.expiresAtMs < fromMs || intent.expiresAtMs >= untilMs) continue;
    intent.expiresAtMs = untilMs;
    state.deadlines.set(`intent:${id}`, untilMs);
  }
}

function join(state: SessionState, event: SessionEventOf<"ParticipantJoined">, at: Place): void {
  const known = state.participants.get(event.principalId);
  const facts = {
    type: event.principalType,
    instanceId: event.instanceId,
    displayName: event.displayName,
    roles: event.roles,
    worktree: event.worktree,
    extended: event.extended,
    presence: "available" as const,
    status: "idle",
    sinceMs: at.atMs,
  };
  if (known === undefined) {
    const rest = { summary: undefined, activeIntentId: undefined, intents: new Set<IntentId>(), requests: new Map() };
    state.participants.set(event.principalId, { id: event.principalId, ...facts, ...rest });
  } else {
    Object.assign(known, facts);
    state.deadlines.set(`principal:${known.id}`, undefined);
  }
}

function changeStatus(state: SessionState, event: SessionEventOf<"ParticipantStatus">): void {
  const participant = state.participants.get(event.principalId);
  if (participant === undefined) return;
  participant.presence = "available";
  participant.status = event.status;
  participant.summary = event.summary;
  participant.activeIntentId = event.activeIntentId;
  if (participant.worktree !== undefined) {
    const { branch: _branch, head: _head, ...place } = participant.worktree;
    participant.worktree = {
      ...place,
      ...(event.branch === undefined ? {} : { branch: event.branch }),
      ...(event.head === undefined ? {} : { head: event.head }),
    };
  }
  state.deadlines.set(`principal:${participant.id}`, undefined);
}

function depart(state: SessionState, id: PrincipalId, presence: "left" | "unavailable", at: Place): void {
  const participant = state.participants.get(id);
  if (participant === undefined) return;
  participant.presence = presence;
  participant.status = "offline";
  participant.sinceMs = at.atMs;
  rememberAbsence(state, participant, at.atMs);
}

/** Somebody who is gone and owns nothing live is forgotten after a while. */
function rememberAbsence(state: SessionState, participant: Participant | undefined, nowMs: number): void {
  if (participant === undefined || participant.presence === "available" || participant.intents.size > 0) return;
  state.deadlines.set(`principal:${participant.id}`, nowMs + REMEMBERED_MS);
}

function announce(state: SessionState, event: SessionEventOf<"IntentAnnounced">, at: Place): void {
  const resources = resourcesOf(event.scope, state.settings);
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
    announcedAtMs: at.atMs,
    announcedAt: at.revision,
    contentHash: event.contentHash,
    endReason: undefined,
    supersededBy: undefined,
    operations: [],
    conflicts: new Set(),
  };
  state.fence = Math.max(state.fence, event.fence);
  state.intents.set(intent.id, intent);
  state.liveIntents.add(intent.id);
  state.participants.get(intent.principal)?.intents.add(intent.id);
  state.index.add(intent.id, resources);
  state.deadlines.set(`intent:${intent.id}`, intent.expiresAtMs);
}

function update(state: SessionState, event: SessionEventOf<"IntentUpdated">): void {
  const intent = state.intents.get(event.intentId);
  if (intent === undefined) return;
  intent.ttlSec = event.ttlSec;
  intent.expiresAtMs = event.expiresAtMs;
  if (event.objective !== undefined) intent.objective = event.objective;
  if (event.scope !== undefined) {
    intent.scope = event.scope;
    intent.resources = resourcesOf(event.scope, state.settings);
    state.index.add(intent.id, intent.resources);
  }
  state.deadlines.set(`intent:${intent.id}`, intent.expiresAtMs);
}

function endIntent(state: SessionState, event: SessionEventOf<"IntentEnded">, at: Place): void {
  const intent = state.intents.get(event.intentId);
  if (intent === undefined) return;
  intent.state = event.state;
  intent.endReason = event.reason;
  intent.supersededBy = event.supersededBy;
  state.liveIntents.delete(intent.id);
  state.index.remove(intent.id);
  const owner = state.participants.get(intent.principal);
  owner?.intents.delete(intent.id);
  rememberAbsence(state, owner, at.atMs);
  scheduleIntent(state, intent, at.atMs);
}

function setLive(state: SessionState, id: IntentId, next: "ACTIVE" | "SUSPENDED", fence?: number): void {
  const intent = state.intents.get(id);
  if (intent === undefined) return;
  intent.state = next;
  if (fence !== undefined) intent.fence = fence;
}

/** An ended intent is kept while an unsettled conflict is about it, and a while longer. */
function scheduleIntent(state: SessionState, intent: Intent, nowMs: number): void {
  if (isLive(intent)) return;
  const operations = intent.operations.flatMap((id) => state.operations.get(id) ?? []);
  const referred = intent.conflicts.size > 0 || operations.some((operation) => operation.conflicts.size > 0);
  state.deadlines.set(`intent:${intent.id}`, referred ? undefined : nowMs + REMEMBERED_MS);
}

function openConflict(state: SessionState, event: SessionEventOf<"ConflictOpened">, at: Place): void {
  const { conflictId: id, category, severity, description, intents, operations, principals, contentHash } = event;
  const rest = { openedAt: at.revision, contentHash, acknowledgements: new Map<PrincipalId, string>() };
  state.conflicts.set(id, { id, category, severity, description, state: "OPEN", intents, operations, principals, ...rest });
  state.liveConflicts.add(id);
  for (const intentId of intents) {
    const intent = state.intents.get(intentId);
    intent?.conflicts.add(id);
    if (intent !== undefined && !isLive(intent)) state.deadlines.set(`intent:${intentId}`, undefined);
  }
  for (const opId of operations) {
    const operation = state.operations.get(opId);
    if (operation === undefined) continue;
    operation.conflicts.add(id);
    state.deadlines.set(`operation:${opId}`, undefined);
    const intent = operation.intent === undefined ? undefined : state.intents.get(operation.intent);
    if (intent !== undefined && !isLive(intent)) state.deadlines.set(`intent:${intent.id}`, undefined);
  }
}

function dismissConflict(state: SessionState, id: ConflictId, at: Place): void {
  const conflict = state.conflicts.get(id);
  if (conflict === undefined) return;
  conflict.state = "DISMISSED";
  state.liveConflicts.delete(id);
  state.deadlines.set(`conflict:${id}`, at.atMs + REMEMBERED_MS);
  for (const opId of conflict.operations) {
    const operation = state.operations.get(opId);
    if (operation === undefined) continue;
    operation.conflicts.delete(id);
    const intent = operation.intent === undefined ? undefined : state.intents.get(operation.intent);
    if (intent === undefined) state.deadlines.set(`operation:${opId}`, at.atMs + REMEMBERED_MS);
    else scheduleIntent(state, intent, at.atMs);
  }
  for (const intentId of conflict.intents) {
    const intent = state.intents.get(intentId);
    intent?.conflicts.delete(id);
    if (intent !== undefined) scheduleIntent(state, intent, at.atMs);
  }
}

type OperationBirth = Pick<SessionEventOf<"OperationCommitted">, "opId" | "principalId" | "target" | "tree" | "stateRefAfter" | "contentHash"> & {
  readonly stateRefBefore: string | null;
};

function addOperation(state: SessionState, birth: OperationBirth, intentId: IntentId | undefined, at: Place): void {
  const intent = intentId === undefined ? undefined : state.intents.get(intentId);
  state.operations.set(birth.opId, {
    id: birth.opId,
    principal: birth.principalId,
    intent: intent?.id,
    target: birth.target,
    tree: birth.tree,
    state: "COMMITTED",
    stateRefBefore: birth.stateRefBefore,
    stateRefAfter: birth.stateRefAfter,
    contentHash: birth.contentHash,
    committedAt: at.revision,
    conflicts: new Set(),
  });
  if (intent === undefined) state.deadlines.set(`operation:${birth.opId}`, at.atMs + REMEMBERED_MS);
  else intent.operations.push(birth.opId);
}

function commit(state: SessionState, event: SessionEventOf<"OperationCommitted">, at: Place): void {
  addOperation(state, event, event.intentId, at);
  if (event.tree !== VIRTUAL_TREE) return;
  const rules = pathRules(state.settings);
  for (const file of event.files) {
    const resource = parseResource(file.path, rules);
    if (!("refused" in resource)) {
      state.virtualTree.set(resource.key, { stateRef: file.stateRef, blob: file.blob, by: event.principalId });
    }
  }
}

function supersede(state: SessionState, event: SessionEventOf<"OperationSuperseded">, at: Place): void {
  const earlier = state.operations.get(event.opId);
  if (earlier === undefined) return;
  earlier.state = "SUPERSEDED";
  addOperation(state, { ...event, opId: event.supersededBy, stateRefBefore: earlier.stateRefAfter }, earlier.intent, at);
  if (event.tree !== VIRTUAL_TREE) return;
  const resource = parseResource(event.target, pathRules(state.settings));
  if (!("refused" in resource)) state.virtualTree.set(resource.key, { stateRef: event.stateRefAfter, blob: undefined, by: event.principalId });
}

function forget(state: SessionState, event: SessionEventOf<"Forgotten">): void {
  for (const id of event.intents) {
    state.intents.delete(id);
    state.deadlines.set(`intent:${id}`, undefined);
  }
  for (const id of event.operations) {
    state.operations.delete(id);
    state.deadlines.set(`operation:${id}`, undefined);
  }
  for (const id of event.conflicts) {
    state.conflicts.delete(id);
    state.deadlines.set(`conflict:${id}`, undefined);
  }
  for (const id of event.principals) {
    state.participants.delete(id);
    state.deadlines.set(`principal:${id}`, undefined);
  }
}

function settle(state: SessionState, event: SessionEventOf<"Settled">, at: Place): void {
  state.clock = event.lamport + state.spread;
  state.spread = 0;
  if (event.principal === undefined || event.requestId === undefined) return;
  const requests = state.participants.get(event.principal)?.requests;
  if (requests === undefined) return;
  requests.set(event.requestId, { revision: at.revision, contentHash: event.contentHash ?? "", result: event.result as JsonObject | undefined });
  if (requests.size > REMEMBERED_REQUESTS) requests.delete(requests.keys().next().value as string);
}
