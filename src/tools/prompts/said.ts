/** What was written on the blackboard about something, the newest first. */
import { readMessages } from "../../wire/bus/requests.ts";
import { MessagesView } from "../../wire/bus/views.ts";
import { messageLine } from "../message-line.ts";
import type { ToolContext } from "../ports.ts";

/** Messages that are shown, and characters of each. */
const MOST_MESSAGES = 4;
const SHOWN_BODY = 240;

/** Nothing where nobody wrote about it, or where the bus does not say. */
export async function saidAbout({ board, signal, nowMs }: ToolContext, ids: readonly string[]): Promise<string[]> {
  const answers = await Promise.all(ids.map((id) => board.ask(readMessages({ q: id, limit: MOST_MESSAGES }), signal)));
  const messages = answers.flatMap((answer) => (answer.ok ? MessagesView.parse(answer.body).messages : []));
  const lines = messages
    .toSorted((a, b) => (b.posted_at ?? "").localeCompare(a.posted_at ?? ""))
    .map((message) => `- ${messageLine(message, nowMs(), SHOWN_BODY)}`);
  const once = [...new Set(lines)].slice(0, MOST_MESSAGES);
  return once.length === 0 ? [] : ["Said about it:", ...once];
}
