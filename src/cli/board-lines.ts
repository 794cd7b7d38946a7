/** The blackboard as a person reads it on a terminal: each message under a line that says whose it is, cleaned of what a terminal would obey. */
import { called, plain } from "../tools/quote.ts";
import { span } from "../tools/times.ts";
import type { MessagesView, MessageView } from "../wire/bus/views.ts";
import type { Paint } from "./terminal.ts";

/** Of one message. */
const MOST_LINES = 40;
const MOST_CHARACTERS = 8_000;

export function boardLines({ messages, before }: MessagesView, nowMs: number, paint: Paint): string[] {
  const more = before === undefined ? [] : ["", paint("dim", `older ones: --before ${called(String(before))}`)];
  if (messages.length === 0) return [before === undefined ? "No message." : "No message so far.", ...more];
  return [...messages.flatMap((message, index) => [...(index === 0 ? [] : [""]), ...linesOf(message, nowMs, paint)]), ...more];
}

function linesOf(message: MessageView, nowMs: number, paint: Paint): string[] {
  const { id, topic = "?", sender = "nobody", asserted, posted_at, body = "" } = message;
  const agoMs = nowMs - Date.parse(posted_at ?? "");
  const head = [
    ...(id === undefined ? [] : [called(String(id))]),
    called(topic),
    `${called(sender)}${asserted === true ? " (asserted)" : ""}`,
    ...(Number.isNaN(agoMs) ? [] : [`${span(agoMs)} ago`]),
  ].join("  ");
  const lines = plain(body, MOST_CHARACTERS)
    .replaceAll("\t", "    ")
    .split(/\r\n|\n|\r/);
  const more = lines.length - MOST_LINES;
  return [
    `${paint("bold", head)}${flagOf(message, paint)}`,
    ...lines.slice(0, MOST_LINES).map((line) => `  ${line}`.trimEnd()),
    ...(more > 0 ? [paint("dim", `  … ${more} lines more: --json shows them`)] : []),
  ];
}

function flagOf({ action_flag, acknowledged }: MessageView, paint: Paint): string {
  if (action_flag !== true) return "";
  if (acknowledged === undefined) return `  ${paint("yellow", "waits for a person")}`;
  return `  ${paint("green", `acknowledged by ${called(acknowledged.by ?? "somebody")}`)}`;
}
