/**
 * Who may have a name: whoever brings the credential that it belongs to.
 *
 * A name belongs to the first credential that registers it, and stays its own while its peer is away: what waits under it is
 * for nobody else. It is free again when its peer has been away for long with nothing waiting, or when its credential is no
 * longer given out, as after a change of tokens.
 */
import type { JsonObject } from "../../wire/json.ts";
import type { MailCommand, MailEvent } from "../../wire/mail.ts";
import type { Decision } from "../aggregate.ts";
import { NOTHING_TO_DO, refuse } from "../verdict.ts";
import type { MailState } from "./state.ts";

/** What a decision about mail may be told. */
export type MailFacts = JsonObject & {
  /** Whether the credential that the name belongs to would still be let in. */
  readonly holderStands?: boolean;
};

type Command<Type extends MailCommand["type"]> = Extract<MailCommand, { type: Type }>;

/** The same credential takes a name over from its own earlier connection. */
export function decideRegister(state: Readonly<MailState>, command: Command<"Register">, facts: MailFacts): Decision<MailEvent> {
  const { name, fingerprint, connection } = command;
  const holder = state.peers.get(name);
  const isFree = holder === undefined || (holder.connection === undefined && facts.holderStands === false);
  if (!isFree && holder.fingerprint !== fingerprint) {
    return refuse("mail/name-claimed", `the name ${name} belongs to another token; register under another name`);
  }
  return { accepted: [{ type: "PeerConnected", name, fingerprint, connection }] };
}

/** A connection that another one has taken over from leaves nothing. */
export function decideLeave(state: Readonly<MailState>, { name, connection }: Command<"Leave">): Decision<MailEvent> {
  if (state.peers.get(name)?.connection !== connection) return NOTHING_TO_DO;
  return { accepted: [{ type: "PeerLeft", name, connection }] };
}
