/** Waiting for others to be done (SPEC 15.5.1). */
import type { Message } from "../../wire/mpac/messages.ts";
import type { Participant, SessionState } from "./state.ts";
import { refuse, type SessionMoment, type Verdict } from "./verdict.ts";

export function decideDefer(
  _state: Readonly<SessionState>,
  message: Message<"INTENT_DEFERRED">,
  _sender: Participant,
  _at: SessionMoment,
): Verdict {
  return refuse("message/unsupported", `this release does not carry out ${message.message_type} yet`);
}
