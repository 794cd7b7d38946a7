/**
 * How a session ends (SPEC 9.6.1): by the word of an owner or arbiter, when its time is over, or, where its policy says so,
 * a while after everything in it was done, or with the process that serves it. A repository's own local session has none of
 * these but the first: the next process goes on with it.
 *
 * Everything that lives in it ends first. Nothing but GOODBYE is taken afterwards.
 */
import type { OpId } from "../../wire/ids.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { NOTHING_TO_DO, refuse } from "../verdict.ts";
import { hasAuthority } from "./authority.ts";
import { endings } from "./cascade.ts";
import { allEnded, together } from "./deferrals.ts";
import { policyOf } from "./policy.ts";
import type { SessionState } from "./state.ts";
import type { Participant } from "./state/participants.ts";
import type { Verdict } from "./verdict.ts";

const REASON = "session_closed";

export function decideClose(state: Readonly<SessionState>, _message: Message<"SESSION_CLOSE">, sender: Participant): Verdict {
  if (!hasAuthority(sender)) {
    return refuse(
      "principal/no-authority",
      `only an owner or arbiter closes a session; ${sender.id} is ${sender.roles.join(", ") || "neither"}`,
    );
  }
  return { events: closing(state, { reason: "manual" }) };
}

/** Without a policy that says otherwise the next process on the same log is its successor. */
export function decideStopped(state: Readonly<SessionState>): Verdict {
  if (state.closed !== undefined || !policyOf(state.settings).closesOnShutdown) return NOTHING_TO_DO;
  return { events: closing(state, { reason: "coordinator_shutdown" }) };
}

interface Ending {
  readonly reason: string;
  readonly dueAtMs?: number;
}

export function closing(state: Readonly<SessionState>, how: Ending): SessionEvent[] {
  const participants = [...state.participants.values()];
  const ended = endings(
    state,
    [...state.liveIntents].map((id) => ({ id, state: "WITHDRAWN", reason: REASON })),
  );
  const rejected = new Set(ended.flatMap((event) => (event.type === "OperationRejected" ? event.opIds : [])));
  const isLeft = (opId: OpId): boolean => !rejected.has(opId);
  return [
    ...together(
      ended,
      participants.flatMap(({ id }) => allEnded(state, id, "resolved", REASON)),
    ),
    ...participants.flatMap(({ proposals }) =>
      [...proposals].filter(isLeft).map((opId): SessionEvent => ({ type: "OperationAbandoned", opId, reason: REASON })),
    ),
    { type: "SessionClosed", ...how },
  ];
}
