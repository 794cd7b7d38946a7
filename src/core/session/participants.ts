/**
 * Who takes part: joining under a name, being heard, coming back (SPEC 14). Going silent and leaving are in `departures.ts`.
 *
 * A name belongs to the instance whose connection lives, and while the program that ran it lives, to that. When both are
 * gone, a newcomer under the name is the same principal, back, and finds its intents as it left them.
 */
import type { PrincipalId } from "../../wire/ids.ts";
import type { Host } from "../../wire/mpac/extension.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import { NOTHING_TO_DO, refuse } from "../verdict.ts";
import { backendAtHeartbeat, backendAtHello } from "./backend.ts";
import { restorations } from "./cascade.ts";
import { familyIn, liveIntentsOf, type SessionState } from "./state.ts";
import { familyOf, isKnown, type Participant } from "./state/participants.ts";
import { rolesFor } from "./roles.ts";
import type { SessionFacts, SessionMoment, Verdict } from "./verdict.ts";

const COORDINATOR_PREFIX = "service:coordinator";

/** By these two names would look alike. They are looked for here and not where a message is read, because old logs may have them. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|^\s|\s$/u;

function nextFreeName(principal: string, taken: readonly string[]): string {
  const family = familyOf(principal);
  for (let number = 2; ; number += 1) {
    const name = `${family}#${number}`;
    if (!taken.includes(name)) return name;
  }
}

function isSameHost(one: Host | undefined, other: Host | undefined): boolean {
  return one !== undefined && other !== undefined && one.pid === other.pid && one.started_at === other.started_at;
}

/** The names of the family that this very host went by and nobody holds now, the last used first. */
function ownNames(state: Readonly<SessionState>, principal: string, host: Host | undefined, connected: readonly string[]): string[] {
  if (host === undefined) return [];
  return familyIn(state, principal)
    .filter((known) => isSameHost(known.host, host) && isKnown(known) && !connected.includes(known.id))
    .sort((a, b) => b.sinceMs - a.sinceMs || (a.id < b.id ? -1 : 1))
    .map((known) => known.id);
}

/**
 * The name that a newcomer is to take instead of the one it asked for, and why; nothing when it may have that one.
 *
 * A client that starts its bridge again is somebody already: it gets its own name first, whoever else has gone meanwhile.
 * And a name whose holder's program lives is kept for it while its bridge is away.
 */
function otherName(
  state: Readonly<SessionState>,
  id: PrincipalId,
  newcomer: { readonly host: Host | undefined; readonly instanceId: string },
  { connected = [], living = [] }: Pick<SessionFacts, "connected" | "living">,
): { readonly suggested: string; readonly why: string } | undefined {
  if (!connected.includes(id) && state.participants.get(id)?.instanceId === newcomer.instanceId) return undefined;
  const own = ownNames(state, id, newcomer.host, connected);
  const suggested = own[0] ?? nextFreeName(id, [...connected, ...living]);
  if (connected.includes(id)) return { suggested, why: "is connected already" };
  if (own.includes(id)) return undefined;
  if (own.length > 0) return { suggested, why: "is another's, and this client has a name of its own" };
  return living.includes(id) ? { suggested, why: "belongs to a client that still runs" } : undefined;
}

export function decideHello(state: Readonly<SessionState>, message: Message<"HELLO">, at: SessionMoment): Verdict {
  const { sender, payload } = message;
  const id = sender.principal_id;
  if (id.startsWith(COORDINATOR_PREFIX)) return refuse("principal/name-taken", `${id} is the coordinator's own name; join under another`);

  if (UNSEEN.test(id)) {
    const why = "a principal_id has no control or invisible characters and no white space around it";
    return refuse("message/malformed", `${why}; join under a name without them`);
  }
  // Before another name is suggested: all of the family are that token's.
  const { identity } = at.facts;
  const bearer = state.credentials.get(familyOf(id));
  if (identity !== undefined && bearer !== undefined && bearer !== identity.fingerprint) {
    return refuse("principal/other-credential", `${familyOf(id)} belongs to another token in this session; join under another name`);
  }

  const extension = payload.extensions?.signalbox;
  const instanceId = sender.sender_instance_id ?? "";
  const other = otherName(state, id, { host: extension?.host, instanceId }, at.facts);
  if (other !== undefined) {
    const { suggested, why } = other;
    return refuse("principal/name-taken", `${id} ${why}; join as ${suggested}`, { suggested });
  }

  const type = sender.principal_type ?? "agent";
  const roles = rolesFor(state, { id, type, asks: payload.roles ?? [], identity });
  if (roles.length === 0 && state.settings.profile !== "open") {
    const why =
      "no role can be granted: its token names none and the session's role policy gives it none; ask whoever runs the coordinator";
    return refuse("principal/no-role", `${id} cannot join: ${why}`);
  }

  const joined: Extract<SessionEvent, { type: "ParticipantJoined" }> = {
    type: "ParticipantJoined",
    principalId: id,
    principalType: type,
    instanceId,
    displayName: payload.display_name ?? id,
    roles: [...roles],
    ...(extension?.worktree === undefined ? {} : { worktree: extension.worktree }),
    ...(extension?.host === undefined ? {} : { host: extension.host }),
    extended: extension !== undefined,
    ...(identity === undefined ? {} : { identity }),
  };
  const backend = backendAtHello(state, message, state.participants.get(id));
  // Also of who was there all the time: what the state of its model suspended counts no more once that is unknown again.
  return { events: [joined, ...restorations(state, liveIntentsOf(state, id)), ...backend] };
}

export function decideHeartbeat(
  state: Readonly<SessionState>,
  message: Message<"HEARTBEAT">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { status, summary, active_intent_id, extensions } = message.payload;
  const named = extensions?.signalbox?.worktree;
  // A participant keeps the worktree that it joined with: a heartbeat only tells what is checked out there.
  const worktree = named?.id === sender.worktree?.id ? named : undefined;
  const next = {
    status: status ?? (sender.presence === "available" ? sender.status : "idle"),
    summary: summary ?? sender.summary,
    activeIntentId: active_intent_id ?? sender.activeIntentId,
    // A worktree that is named says all of it: without a branch its HEAD is detached.
    branch: (worktree ?? sender.worktree)?.branch,
    head: (worktree ?? sender.worktree)?.head,
    away: at.facts.observed === true ? sender.away : undefined,
  };
  const unchanged =
    sender.presence === "available" &&
    next.away === sender.away &&
    next.status === sender.status &&
    next.summary === sender.summary &&
    next.activeIntentId === sender.activeIntentId &&
    next.branch === sender.worktree?.branch &&
    next.head === sender.worktree?.head;
  const backend = backendAtHeartbeat(state, sender, message.payload.backend_health);
  if ("rejected" in backend) return backend;
  if (unchanged) return backend.events.length > 0 ? backend : NOTHING_TO_DO;

  // Whoever was there all the time gets back with its model what that suspended.
  const isBack = sender.presence !== "available" && !backend.suspends;
  const restored = isBack ? restorations(state, liveIntentsOf(state, sender.id)) : [];
  return { events: [statusEvent(sender.id, next), ...restored, ...backend.events] };
}

interface Status {
  readonly status: string;
  readonly summary: string | undefined;
  readonly activeIntentId: string | undefined;
  readonly branch: string | undefined;
  readonly head: string | undefined;
  readonly away: true | undefined;
}

function statusEvent(
  principalId: PrincipalId,
  { status, summary, activeIntentId, branch, head, away }: Status,
): SessionEventOf<"ParticipantStatus"> {
  return {
    type: "ParticipantStatus",
    principalId,
    status,
    ...(summary === undefined ? {} : { summary }),
    ...(activeIntentId === undefined ? {} : { activeIntentId }),
    ...(branch === undefined ? {} : { branch }),
    ...(head === undefined ? {} : { head }),
    ...(away === undefined ? {} : { away }),
  };
}

/** What was last said of it, said again. */
export function statusOf({ id, worktree, ...status }: Participant): SessionEventOf<"ParticipantStatus"> {
  return statusEvent(id, { ...status, branch: worktree?.branch, head: worktree?.head });
}
