/**
 * Messages, the newest first: from those at hand, and behind them from the log, a stretch at a time.
 *
 * A page ends with its number of messages, with as much text as an answer holds, or where it has read enough of the log; it
 * then names where the next one begins. So the costs of an answer do not grow with the log.
 */
import {
  type BoardMessage,
  type BoardState,
  acknowledgementOf,
  isWanted,
  type MessageFilter,
  newestBefore,
  onLogBefore,
} from "../../core/board/read.ts";
import type { Engine } from "../../engine/engine.ts";
import type { BoardEvent } from "../../wire/board.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { LogRecord, Revision } from "../../wire/record.ts";
import type { BoardHost } from "./board-host.ts";
import { messageView } from "./views.ts";

/** Characters of text in one page, as JSON writes it. */
const PAGE_CHARACTERS = 2 * 1024 * 1024;

/** Records that are read from the log in one go, and for one page; and how many of them are in memory as they are stored. */
const STRETCH = 100;
const MOST_READ = 5_000;
const AT_ONCE = 5;

export interface MessagesAsked extends MessageFilter {
  readonly limit: number;
  /** Only those of earlier revisions. */
  readonly before?: Revision | undefined;
}

export interface MessagePage {
  readonly messages: readonly JsonObject[];
  /** Where the next page begins; nothing when there is none. */
  readonly before: Revision | undefined;
}

interface Reading {
  readonly host: BoardHost;
  readonly engine: Pick<Engine, "read">;
}

export async function pageOf({ host, engine }: Reading, { limit, before = Infinity, ...wanted }: MessagesAsked): Promise<MessagePage> {
  const found: BoardMessage[] = [];
  let characters = 0;
  const isFull = (): boolean => found.length === limit || characters >= PAGE_CHARACTERS;
  const take = (message: BoardMessage): void => {
    if (!isWanted(message, wanted)) return;
    found.push(message);
    characters += JSON.stringify(message.body).length;
  };
  const page = (next: Revision): Promise<MessagePage> =>
    host.query((state) => ({ messages: found.map((message) => viewIn(state, message)), before: next > 1 ? next : undefined }));

  let next = before;
  const onLog = await host.query((state) => {
    for (const message of newestBefore(state, before)) {
      if (isFull()) return undefined;
      take(message);
      next = message.revision;
    }
    return onLogBefore(state);
  });
  if (onLog === undefined) return page(next);
  next = Math.min(before, onLog);
  for (let read = 0; read < MOST_READ && next > 1 && !isFull(); read += STRETCH) {
    const from = Math.max(0, next - 1 - STRETCH);
    for (const message of (await stretch({ host, engine }, from, next, wanted)).reverse()) {
      if (isFull()) return page(next);
      take(message);
      next = message.revision;
    }
    if (!isFull()) next = from + 1;
  }
  return page(next);
}

const viewIn = (state: Readonly<BoardState>, message: BoardMessage): JsonObject =>
  messageView(message, acknowledgementOf(state, message.id));

/** The wanted messages of the records behind `from` and before `before`. */
async function stretch({ host, engine }: Reading, from: Revision, before: Revision, wanted: MessageFilter): Promise<BoardMessage[]> {
  const messages: BoardMessage[] = [];
  for await (const { revision, text } of engine.read(host.stream, from, AT_ONCE)) {
    if (revision >= before) break;
    const { events, atMs } = JSON.parse(text) as LogRecord;
    for (const event of events as readonly BoardEvent[]) {
      if (event.type !== "MessagePosted") continue;
      const { messageId: id, topic, sender, proof, body, actionFlag } = event;
      const message = { id, revision, topic, sender, proof, body, actionFlag, postedAtMs: atMs };
      if (isWanted(message, wanted)) messages.push(message);
    }
  }
  return messages;
}
