/** What becomes of participants: joined, heard again, gone, and what is remembered of their requests. */
import type { ClaimId, DeferralId, IntentId, OpId, PrincipalId } from "../../../wire/ids.ts";
import type { JsonObject } from "../../../wire/json.ts";
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place, SettledRequest } from "../../aggregate.ts";
import { AgeingMap } from "../ageing-map.ts";
import { REPLAY_WINDOW_MS, type SessionState } from "../state.ts";
import { familyOf } from "../state/participants.ts";
import { scheduleParticipant } from "./forgetting.ts";
import { reconsiderThoseOf } from "./waiting.ts";

/** Requests remembered for each principal. */
const REMEMBERED_REQUESTS = 1000;

/** Names of which it is remembered whose credential they belong to. */
export const REMEMBERED_CREDENTIALS = 10_000;

export function join(state: SessionState, event: SessionEventOf<"ParticipantJoined">, at: Place): void {
  const known = state.participants.get(event.principalId);
  const facts = {
    type: event.principalType,
    instanceId: event.instanceId,
    displayName: event.displayName,
    roles: event.roles,
    worktree: event.worktree,
    host: event.host,
    extended: event.extended,
    presence: "available" as const,
    away: undefined,
    status: "idle",
    sinceMs: at.atMs,
  };
  if (event.identity !== undefined) bindName(state, event.principalId, event.identity.fingerprint);
  if (known === undefined) {
    const owned = {
      intents: new Set<IntentId>(),
      proposals: new Set<OpId>(),
      deferrals: new Set<DeferralId>(),
      claims: new Set<ClaimId>(),
    };
    const rest = {
      summary: undefined,
      activeIntentId: undefined,
      backend: undefined,
      requests: new AgeingMap<string, SettledRequest>(),
      ...owned,
    };
    state.tally.participants += 1;
    const family = familyOf(event.principalId);
    state.families.set(family, (state.families.get(family) ?? new Set()).add(event.principalId));
    state.participants.set(event.principalId, { id: event.principalId, ...facts, ...rest });
  } else {
    const wasAway = known.away;
    Object.assign(known, facts);
    scheduleParticipant(state, known, at.atMs);
    if (wasAway === true) reconsiderThoseOf(state, known, at);
  }
}

/** The first credential keeps a name, and no other joins under it. Where there are very many, the oldest name goes that nobody is remembered under. */
function bindName(state: SessionState, id: PrincipalId, fingerprint: string): void {
  const { credentials, families } = state;
  const family = familyOf(id);
  credentials.set(family, fingerprint);
  if (credentials.size <= REMEMBERED_CREDENTIALS) return;
  const unused = [...credentials.keys()].find((name) => name !== family && !families.has(name));
  if (unused !== undefined) credentials.delete(unused);
}

export function changeStatus(state: SessionState, event: SessionEventOf<"ParticipantStatus">, at: Place): void {
  const participant = state.participants.get(event.principalId);
  if (participant === undefined) return;
  const { presence, away: wasAway } = participant;
  participant.presence = event.away === true ? presence : "available";
  if (participant.presence !== presence) participant.sinceMs = at.atMs;
  participant.away = event.away;
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
  scheduleParticipant(state, participant, at.atMs);
  if (wasAway !== participant.away) reconsiderThoseOf(state, participant, at);
}

export function reportBackend(state: SessionState, event: SessionEventOf<"BackendReported">): void {
  const participant = state.participants.get(event.principalId);
  if (participant !== undefined) participant.backend = { modelId: event.modelId, status: event.status };
}

export function depart(state: SessionState, id: PrincipalId, presence: "left" | "unavailable", at: Place): void {
  const participant = state.participants.get(id);
  if (participant === undefined) return;
  participant.presence = presence;
  participant.away = undefined;
  participant.status = "offline";
  participant.sinceMs = at.atMs;
  scheduleParticipant(state, participant, at.atMs);
}

/** One that was recorded then may say a time up to a window later, and be taken until a window after that. */
function rememberMessage({ seenMessages }: SessionState, id: string, atMs: number): void {
  seenMessages.set(id, atMs);
  const passedAtMs = atMs - 2 * REPLAY_WINDOW_MS;
  for (let { oldest } = seenMessages; oldest !== undefined; { oldest } = seenMessages) {
    if ((seenMessages.get(oldest) ?? 0) >= passedAtMs) return;
    seenMessages.dropOldest();
  }
}

/** Closes a record: the clock moves behind the values its messages use, and a named request is remembered. */
export function settle(state: SessionState, event: SessionEventOf<"Settled">, at: Place): void {
  state.clock = event.lamport + state.spread;
  state.spread = 0;
  if (event.messageId !== undefined) rememberMessage(state, event.messageId, at.atMs);
  if (event.principal === undefined || event.requestId === undefined) return;
  const requests = state.participants.get(event.principal)?.requests;
  if (requests === undefined) return;
  requests.set(event.requestId, {
    revision: at.revision,
    contentHash: event.contentHash ?? "",
    result: event.result as JsonObject | undefined,
  });
  if (requests.size > REMEMBERED_REQUESTS) requests.dropOldest();
}
