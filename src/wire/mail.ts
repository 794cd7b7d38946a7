/**
 * The peers' mail of a session: what its log says happened, and what is asked of it. Events are forever: a released one is
 * never edited, only joined by new ones.
 *
 * An envelope stands once in the log, as text in the command of the record that took it. Events name it by its id and by the
 * key of each copy, and whoever delivers a copy reads it from there.
 */
import * as z from "zod";
import { event, ms } from "./event.ts";
import { SessionId } from "./ids.ts";

export const MailSettings = z.looseObject({
  /** How long a name belongs to an absent peer that nothing waits for, in seconds. */
  release_after_sec: z.number(),
});
export type MailSettings = z.infer<typeof MailSettings>;

export const MailEvent = z.discriminatedUnion("type", [
  /** A process opened the stream; nobody is connected to it yet. */
  event("Opened", { sessionId: SessionId, epoch: z.int().min(1), settings: MailSettings }),
  /** Nobody could be connected between `fromMs` and the record's own time. */
  event("Resumed", { fromMs: ms }),
  /** A peer has this name now, over this connection and no other. */
  event("PeerConnected", { name: z.string(), fingerprint: z.string(), connection: z.string() }),
  event("PeerLeft", { name: z.string(), connection: z.string() }),
  /** The name is free again, and what is sent to it is dropped, as it is for every name that nobody ever had. */
  event("PeerForgotten", { name: z.string(), dueAtMs: ms }),
  /** One copy for each recipient is kept until that acknowledges it. */
  event("MailSent", {
    id: z.string(),
    sender: z.string(),
    recipients: z.array(z.string()).min(1),
    /** Whether it was said to all: the keys of its copies name their recipients then. */
    broadcast: z.boolean(),
    /** Connected peers that its frame would not have fit. */
    unfit: z.array(z.string()).optional(),
  }),
  /** Copies were handed to a connection; each time counts. */
  event("MailDelivered", { recipient: z.string(), connection: z.string(), keys: z.array(z.string()).min(1) }),
  event("MailAcknowledged", { recipient: z.string(), key: z.string() }),
  /** A peer acknowledged what does not wait for it: the copy of another, one of long ago, or none. */
  event("AckPassedOver", { name: z.string(), key: z.string() }),
  /** Ids that nothing waits under and that were taken before `beforeMs` may be used again. */
  event("IdsForgotten", { beforeMs: ms, dueAtMs: ms }),
]);
export type MailEvent = z.infer<typeof MailEvent>;
export type MailEventOf<Type extends MailEvent["type"]> = Extract<MailEvent, { type: Type }>;

/** What an edge asks. Names are those that connections are bound to; no credential is among them. */
export type MailCommand =
  | { readonly type: "Register"; readonly name: string; readonly fingerprint: string; readonly connection: string }
  | { readonly type: "Leave"; readonly name: string; readonly connection: string }
  | SendMail
  | { readonly type: "Deliver"; readonly name: string; readonly connection: string; readonly keys: readonly string[] }
  | { readonly type: "Acknowledge"; readonly name: string; readonly key: string };

export interface SendMail {
  readonly type: "Send";
  /** Of the connection that it came over. */
  readonly name: string;
  /** What the envelope says. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  /** The envelope as it travels on. */
  readonly envelope: string;
  /** Of that text in UTF-8. */
  readonly bytes: number;
}

/** Of a copy: what its recipient acknowledges it by. */
export function keyOfCopy(id: string, recipient: string, broadcast: boolean): string {
  return broadcast ? `${id}|${recipient}` : id;
}
