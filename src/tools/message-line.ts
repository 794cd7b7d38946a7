/** A message of the blackboard on one line. What somebody wrote stands in quotes. */
import type { MessageView } from "../wire/bus/views.ts";
import { called, quoted } from "./quote.ts";
import { ago } from "./times.ts";

/** @param most - characters of its body that are shown */
export function messageLine(message: MessageView, nowMs: number, most: number): string {
  const { id, topic = "?", sender = "nobody", body = "", posted_at, asserted } = message;
  const who = `${called(sender)}${asserted === true ? " (a name that nobody proved)" : ""}`;
  const when = posted_at === undefined ? "" : ` ${ago(posted_at, nowMs)}`;
  return `${id === undefined ? "" : `${called(String(id))} `}in ${called(topic)} by ${who}${when}${flagOf(message)}: ${quoted(body, most)}`;
}

function flagOf({ action_flag, acknowledged }: MessageView): string {
  if (action_flag !== true) return "";
  return acknowledged === undefined ? ", waits for a person" : `, acknowledged by ${called(acknowledged.by ?? "somebody")}`;
}
