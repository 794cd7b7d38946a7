/** Taking over the suspended work of another (SPEC 14.7.4). */
import type { Message } from "../../wire/mpac/messages.ts";
import type { Participant, SessionState } from "./state.ts";
import { refuse, type SessionMoment, type Verdict } from "./verdict.ts";

export function decideClaim(
  _state: Readonly<SessionState>,
  message: Message<"INTENT_CLAIM">,
  _sender: Participant,
  _at: SessionMoment,
): Verdict {
  return refuse("message/unsupported", `this release does not carry out ${message.message_type} yet`);
}
