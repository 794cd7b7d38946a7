/** Operations that go together (SPEC 16.8). */
import type { Message } from "../../wire/mpac/messages.ts";
import type { Participant, SessionState } from "./state.ts";
import { refuse, type SessionMoment, type Verdict } from "./verdict.ts";

export function decideBatch(
  _state: Readonly<SessionState>,
  message: Message<"OP_BATCH_COMMIT">,
  _sender: Participant,
  _at: SessionMoment,
): Verdict {
  return refuse("message/unsupported", `this release does not carry out ${message.message_type} yet`);
}
