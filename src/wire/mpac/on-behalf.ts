/** A message that the sidecar itself says for a participant who did not send it: a hook's edit, a branch that was switched. */
import type { JsonObject } from "../json.ts";
import { PROTOCOL_VERSION } from "./envelope.ts";
import type { ClientMessage } from "./messages.ts";

export interface OnBehalf {
  readonly sessionId: string;
  readonly messageId: string;
  /** RFC 3339. */
  readonly ts: string;
  readonly principal: string;
  /** Of the participant, so that it stays who it is. */
  readonly instance: string;
}

export function onBehalf(of: OnBehalf, type: ClientMessage["message_type"], payload: JsonObject): ClientMessage {
  const message = {
    protocol: "MPAC",
    version: PROTOCOL_VERSION,
    message_type: type,
    message_id: of.messageId,
    session_id: of.sessionId,
    sender: { principal_id: of.principal, principal_type: "agent", sender_instance_id: of.instance },
    ts: of.ts,
    payload,
  };
  return message as unknown as ClientMessage;
}
