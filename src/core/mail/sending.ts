/**
 * What becomes of an envelope: taken once, kept for each recipient until that has acknowledged it.
 *
 * Nobody hears of a refusal here over the wire, which knows no error; the edge logs it. What the rules hold to is that nothing
 * is kept that could not be delivered, or that speaks for somebody else.
 */
import { keyOfCopy, type MailCommand, type MailEvent, type SendMail } from "../../wire/mail.ts";
import { BROADCAST, deliverFrameBytes, EVERYBODY, MAX_ENVELOPE_DEPTH, MAX_PEER_FRAME_BYTES } from "../../wire/peer/frames.ts";
import { isDeeper } from "../../wire/peer/json-scan.ts";
import type { Decision } from "../aggregate.ts";
import { NOTHING_TO_DO, refuse } from "../verdict.ts";
import type { MailState } from "./state.ts";

type Command<Type extends MailCommand["type"]> = Extract<MailCommand, { type: Type }>;

export function decideSend(state: Readonly<MailState>, command: SendMail): Decision<MailEvent> {
  const { name, id, from, to, kind, envelope } = command;
  if (!state.peers.has(name)) return refuse("mail/not-registered", `${name} has not registered; register first`);
  if (id === "" || to === "") return refuse("mail/malformed", "an envelope needs an id and a recipient");
  const broadcast = to === EVERYBODY;
  if (broadcast !== (kind === BROADCAST))
    return refuse("mail/malformed", `an envelope of the kind ${BROADCAST} is for ${EVERYBODY}, and no other`);
  if (from !== name)
    return refuse("mail/other-sender", `this connection is that of ${name}; an envelope from ${from} has to come over its own`);
  // However it was sent, and whoever sent it: two copies under one key could not be told apart.
  if (state.ids.has(id)) return NOTHING_TO_DO;
  if (isDeeper(envelope, MAX_ENVELOPE_DEPTH)) {
    return refuse(
      "mail/too-large",
      `it is nested deeper than ${MAX_ENVELOPE_DEPTH}, which no recipient reads; send what is inside as a text`,
    );
  }
  return broadcast ? toEverybody(state, command) : toOne(state, command);
}

function fits({ id, bytes }: SendMail, recipient: string, broadcast: boolean): boolean {
  return deliverFrameBytes(keyOfCopy(id, recipient, broadcast), bytes) <= MAX_PEER_FRAME_BYTES;
}

function toOne(state: Readonly<MailState>, command: SendMail): Decision<MailEvent> {
  const { name, id, to } = command;
  const recipient = state.peers.get(to);
  if (recipient === undefined) return refuse("mail/unknown-peer", `nobody has registered as ${to}; ask for the peers`);
  // The key of somebody's copy of a broadcast, used as an id.
  if (recipient.waiting.has(id)) return NOTHING_TO_DO;
  if (!fits(command, to, false)) {
    return refuse(
      "mail/too-large",
      `its frame would have more than ${MAX_PEER_FRAME_BYTES} bytes, which no recipient reads; send less at once`,
    );
  }
  return { accepted: [{ type: "MailSent", id, sender: name, recipients: [to], broadcast: false }] };
}

/** To those who are here now: whoever comes later does not get it. */
function toEverybody(state: Readonly<MailState>, command: SendMail): Decision<MailEvent> {
  const { name, id } = command;
  const isFree = (recipient: string): boolean => state.peers.get(recipient)?.waiting.has(keyOfCopy(id, recipient, true)) !== true;
  const others = [...state.connected].filter((recipient) => recipient !== name && isFree(recipient));
  const recipients = others.filter((recipient) => fits(command, recipient, true));
  const unfit = others.filter((recipient) => !fits(command, recipient, true));
  if (recipients.length === 0)
    return unfit.length === 0 ? NOTHING_TO_DO : refuse("mail/too-large", "its frame would fit nobody; send less at once");
  return {
    accepted: [{ type: "MailSent", id, sender: name, recipients, broadcast: true, ...(unfit.length === 0 ? {} : { unfit }) }],
  };
}

/** Of what was acknowledged in the meantime nothing is said. */
export function decideDeliver(state: Readonly<MailState>, { name, connection, keys }: Command<"Deliver">): Decision<MailEvent> {
  const waiting = state.peers.get(name)?.waiting;
  const delivered = keys.filter((key) => waiting?.has(key) === true);
  if (delivered.length === 0) return NOTHING_TO_DO;
  return { accepted: [{ type: "MailDelivered", recipient: name, connection, keys: delivered }] };
}

/** Only its recipient acknowledges a copy. That others tried is on the log and changes nothing. */
export function decideAcknowledge(state: Readonly<MailState>, { name, key }: Command<"Acknowledge">): Decision<MailEvent> {
  if (key === "") return NOTHING_TO_DO;
  const isWaiting = state.peers.get(name)?.waiting.has(key) === true;
  return { accepted: [isWaiting ? { type: "MailAcknowledged", recipient: name, key } : { type: "AckPassedOver", name, key }] };
}
