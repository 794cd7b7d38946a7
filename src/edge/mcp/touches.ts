/**
 * Which resources say something else because of one record of the board or of the mail; of a session's own records that is
 * told in `session-touches.ts`. What changes nothing that a resource shows touches nothing.
 */
import type { BoardState } from "../../core/board/read.ts";
import { boardUri } from "../../tools/resources/uri.ts";
import type { BoardEvent } from "../../wire/board.ts";
import type { MailEvent } from "../../wire/mail.ts";
import type { Scope } from "../../wire/mpac/messages.ts";
import type { LogRecord } from "../../wire/record.ts";

export const URIS = {
  session: "signalbox://session",
  intents: "signalbox://intents",
  conflicts: "signalbox://conflicts",
  lanes: "signalbox://lanes",
  board: "signalbox://board",
  inbox: "signalbox://inbox",
} as const;

/** What something is about that changed; more is named than has changed where nobody can tell, and never less. */
export type Touch =
  | { readonly uri: string }
  /** The files that lie in it. */
  | { readonly scope: Scope }
  /** What waits for this name. */
  | { readonly inboxOf: string }
  | { readonly every: "file" | "topic" | "inbox" };

export const [SESSION, INTENTS, CONFLICTS, LANES, BOARD] = [
  { uri: URIS.session },
  { uri: URIS.intents },
  { uri: URIS.conflicts },
  { uri: URIS.lanes },
  { uri: URIS.board },
] as const;
export const EVERY_FILE = { every: "file" } as const;
export const EVERY_INBOX = { every: "inbox" } as const;
const EVERY_TOPIC = { every: "topic" } as const;

const NOTHING: readonly Touch[] = [];

export function touchesOfBoard({ events }: Pick<LogRecord, "events">, state: Readonly<BoardState>): readonly Touch[] {
  return (events as readonly BoardEvent[]).flatMap((event) => ofBoardEvent(event, state));
}

function ofBoardEvent(event: BoardEvent, { messages, pending }: Readonly<BoardState>): readonly Touch[] {
  switch (event.type) {
    case "LaneClaimed":
    case "LaneRenewed":
    case "LaneReleased":
    case "LaneExpired":
    case "LaneForgotten":
    case "ClaimWaiting":
    case "PlaceGivenUp":
      return [LANES];
    case "MessagePosted":
      return [BOARD, { uri: boardUri(event.topic) }, ...(event.actionFlag ? [EVERY_INBOX] : NOTHING)];
    case "MessageAcknowledged": {
      const message = messages.byId.get(event.messageId) ?? pending.byId.get(event.messageId);
      return [BOARD, message === undefined ? EVERY_TOPIC : { uri: boardUri(message.topic) }, EVERY_INBOX];
    }
    case "Opened":
    case "Settled":
      return NOTHING;
    default:
      return event satisfies never;
  }
}

export function touchesOfMail({ events }: Pick<LogRecord, "events">): readonly Touch[] {
  return (events as readonly MailEvent[]).flatMap(ofMailEvent);
}

function ofMailEvent(event: MailEvent): readonly Touch[] {
  switch (event.type) {
    case "MailSent":
      return event.recipients.map((inboxOf) => ({ inboxOf }));
    case "MailAcknowledged":
      return [{ inboxOf: event.recipient }];
    // Who is connected, and how often what waits was handed over, is in no resource.
    case "Opened":
    case "Resumed":
    case "PeerConnected":
    case "PeerLeft":
    case "PeerForgotten":
    case "MailDelivered":
    case "AckPassedOver":
    case "IdsForgotten":
      return NOTHING;
    default:
      return event satisfies never;
  }
}
