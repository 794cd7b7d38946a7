/** Whose word decides (SPEC 17.4). */
import type { Message } from "../../wire/mpac/messages.ts";
import type { Participant, SessionState } from "./state.ts";
import { refuse, type SessionMoment, type Verdict } from "./verdict.ts";

export function decideEscalate(
  _state: Readonly<SessionState>,
  message: Message<"CONFLICT_ESCALATE">,
  _sender: Participant,
  _at: SessionMoment,
): Verdict {
  return refuse("message/unsupported", `this release does not carry out ${message.message_type} yet`);
}
