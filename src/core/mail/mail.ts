/**
 * The mail aggregate: which rule answers which command.
 *
 * Who is connected is on the log. A peer's coming is a record anyway, because it binds a name; and a broadcast goes to those
 * who are here, which its decision then reads from the state like everything else.
 */
import type { SessionId } from "../../wire/ids.ts";
import { MailEvent, type MailCommand, MailSettings } from "../../wire/mail.ts";
import type { JsonObject } from "../../wire/json.ts";
import { type Aggregate, type Decision, type EngineCommand, readerOf, unreachable } from "../aggregate.ts";
import { NOTHING_TO_DO } from "../verdict.ts";
import { evolve } from "./evolve.ts";
import { decideLeave, decideRegister, type MailFacts } from "./names.ts";
import { decideAcknowledge, decideDeliver, decideSend } from "./sending.ts";
import { initialState, type MailState } from "./state.ts";
import { decideTick } from "./time.ts";

function decideOpened(state: Readonly<MailState>, session: string, settings: JsonObject): Decision<MailEvent> {
  const parsed = MailSettings.parse({ ...state.settings, ...settings });
  return { accepted: [{ type: "Opened", sessionId: state.id ?? (session as SessionId), epoch: state.epoch + 1, settings: parsed }] };
}

export const mail: Aggregate<MailState, MailCommand, MailEvent, MailFacts> = {
  name: "mail",
  initial: initialState,
  decide(state, command: MailCommand | EngineCommand, at): Decision<MailEvent> {
    switch (command.type) {
      case "Register":
        return decideRegister(state, command, at.facts);
      case "Leave":
        return decideLeave(state, command);
      case "Send":
        return decideSend(state, command);
      case "Deliver":
        return decideDeliver(state, command);
      case "Acknowledge":
        return decideAcknowledge(state, command);
      case "Opened":
        return decideOpened(state, command.session, command.settings);
      case "Resumed":
        return { accepted: [{ type: "Resumed", fromMs: command.fromMs }] };
      case "Tick":
        return decideTick(state, at.atMs);
      case "ParticipantLapsed":
        return NOTHING_TO_DO;
      default:
        return unreachable(command);
    }
  },
  evolve,
  nextDeadline(state) {
    return state.deadlines.first()?.dueAtMs;
  },
  /** A peer is here as long as its connection is. */
  present: () => [],
  readEvent: readerOf<MailEvent>(MailEvent),
};
