/**
 * What becomes of somebody's work when it says GOODBYE, or is not heard any more (SPEC 14.4, 14.7).
 *
 * Its operations that wait for a commit are abandoned in either case, its claims are withdrawn, and it waits for nobody any
 * more; its intents end, or stay suspended until it is back, somebody claims them, or their time is over.
 */
import type { PrincipalId } from "../../wire/ids.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { NOTHING_TO_DO } from "../verdict.ts";
import { endings, suspensions } from "./cascade.ts";
import { withdrawnClaims } from "./claims.ts";
import { allEnded, together } from "./deferrals.ts";
import { statusOf } from "./participants.ts";
import { liveIntentsOf, type SessionState } from "./state.ts";
import type { Participant } from "./state/participants.ts";
import type { Verdict } from "./verdict.ts";

function abandoned({ proposals }: Participant, reason: string): SessionEvent[] {
  return [...proposals].map((opId) => ({ type: "OperationAbandoned", opId, reason }));
}

/** What it asked of others and what it waited for, beside all that ends with it. */
function without(
  state: Readonly<SessionState>,
  gone: Participant,
  {
    events,
    status,
    reason,
  }: { readonly events: readonly SessionEvent[]; readonly status: "resolved" | "expired"; readonly reason: string },
): SessionEvent[] {
  return [...together(events, allEnded(state, gone.id, status, reason)), ...withdrawnClaims(state, gone, reason)];
}

/** What becomes of a leaver's intents is its own choice (SPEC 14.4): `withdraw` unless it says `transfer` or `expire`. */
export function decideGoodbye(state: Readonly<SessionState>, message: Message<"GOODBYE">, sender: Participant): Verdict {
  const left: SessionEvent = { type: "ParticipantLeft", principalId: sender.id, reason: message.payload.reason ?? "" };
  const live = liveIntentsOf(state, sender.id);
  const leave = (...events: SessionEvent[]): Verdict => ({
    events: [...without(state, sender, { events, status: "resolved", reason: "participant_left" }), left],
  });
  const dropped = abandoned(sender, "participant_left");
  switch (message.payload.intent_disposition ?? "withdraw") {
    case "expire":
      return leave(...dropped);
    case "transfer":
      return leave(...dropped, ...suspensions(state, live, "owner_left", sender.proposals));
    default: {
      const ending = live.map(({ id }) => ({ id, state: "WITHDRAWN" as const, reason: "owner_left" }));
      return leave(...dropped, ...endings(state, ending, sender.proposals));
    }
  }
}

/**
 * Whether its silence matters: it is taken for present, or it began something without having said that it is back. Who says
 * `offline` while it is there has said that it will be silent (SPEC 14.3); what it holds ends with its time to live.
 */
export function mayLapse(state: Readonly<SessionState>, participant: Participant): boolean {
  const { presence, status, id, proposals, deferrals, claims } = participant;
  if (presence === "left" || (presence === "available" && status === "offline")) return false;
  if (presence === "available" || proposals.size + deferrals.size + claims.size > 0) return true;
  return liveIntentsOf(state, id).some((intent) => intent.state === "ACTIVE");
}

/** Whoever waits for nothing has time until it lapses. Whoever waits keeps its place, and is passed over until it is back. */
export function decideConnectionLost(state: Readonly<SessionState>, principal: string): Verdict {
  const participant = state.participants.get(principal as PrincipalId);
  if (participant === undefined || participant.away === true || !waits(state, participant)) return NOTHING_TO_DO;
  return { events: [{ ...statusOf(participant), away: true }] };
}

function waits({ deferrals }: Readonly<SessionState>, participant: Participant): boolean {
  return [...participant.deferrals].some((id) => deferrals.get(id)?.waiting !== undefined);
}

export function decideLapse(state: Readonly<SessionState>, principal: string, lastHeardAtMs: number): Verdict {
  const participant = state.participants.get(principal as PrincipalId);
  if (participant === undefined || !mayLapse(state, participant)) return NOTHING_TO_DO;
  const lapsed: SessionEvent = { type: "ParticipantLapsed", principalId: participant.id, lastHeardAtMs };
  const suspended = suspensions(state, liveIntentsOf(state, participant.id), "owner_unavailable", participant.proposals);
  const events = [lapsed, ...abandoned(participant, "participant_unavailable"), ...suspended];
  return { events: without(state, participant, { events, status: "expired", reason: "participant_unavailable" }) };
}
