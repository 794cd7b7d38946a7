/** Operations that are proposed before they are carried out (SPEC 16.2). */
import type { Message } from "../../wire/mpac/messages.ts";
import type { Participant, SessionState } from "./state.ts";
import { refuse, type SessionMoment, type Verdict } from "./verdict.ts";

export function decidePropose(
  _state: Readonly<SessionState>,
  message: Message<"OP_PROPOSE">,
  _sender: Participant,
  _at: SessionMoment,
): Verdict {
  return refuse("message/unsupported", `this release does not carry out ${message.message_type} yet`);
}
