/**
 * How the adapter of Claude Code pushes: a notification that the client shows to its model as
 * `<channel meta…>content</channel>`, which wakes an idle session.
 *
 * A peer's text is shown here as text, so what steers terminals and the direction of lines goes, what looks like the tag
 * around it is made harmless, and it is cut when it is very long.
 */
import type { Delivery } from "../client/peer/frames.ts";
import { membersOf, textOf } from "../wire/peer/json-members.ts";
import { notification } from "./rpc.ts";

export const CHANNEL_CAPABILITY = "claude/channel";
const METHOD = "notifications/claude/channel";

/** Longest text of a message that is shown, in UTF-16 units. */
const MOST_SHOWN = 100_000;

export const connectedAs = (name: string): string =>
  notification(METHOD, { content: `📡 connected as ${onOneLine(name)}`, meta: { kind: "system", self: onOneLine(name) } });

export function pushed({ envelope: { id, from, source, kind, body }, redelivered }: Delivery): string {
  const content = `📨 ${onOneLine(kind === "" ? "msg" : kind)} from ${onOneLine(from)}: "${shownText(bodyText(body))}"`;
  const meta = { from: onOneLine(from), source: onOneLine(source), msg_id: onOneLine(id), kind: onOneLine(kind) };
  return notification(METHOD, { content, meta: redelivered ? { ...meta, redelivered: "true" } : meta });
}

/** What a body says in words: itself, or the member that holds them, or its JSON. */
function bodyText(body: string): string {
  const members = body.startsWith("{") ? (membersOf(body) ?? []) : [];
  const [said = body] = ["text", "message", "content"]
    .map((key) => members.findLast((member) => member.key === key)?.raw)
    .filter((raw) => raw !== undefined);
  if (said === "null") return "";
  return said.startsWith('"') ? textOf(said) : said;
}

/** Controls but for line ends and tabs. */
const STEERING = /[^\P{Cc}\n\r\t]/gu;
/** What turns the direction of a line, or hides text. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu;

const plain = (text: string): string =>
  text
    .replace(STEERING, "")
    .replace(TURNING, "")
    .replaceAll(/<(?=\/?channel\b)/gi, "&lt;");

function shownText(text: string): string {
  const clear = plain(text);
  if (clear.length <= MOST_SHOWN) return clear;
  const kept = clear.slice(0, MOST_SHOWN).toWellFormed();
  return `${kept}… [${clear.length - MOST_SHOWN} more characters were left out]`;
}

const onOneLine = (text: string): string => plain(text).replaceAll(/[\n\r\t\u2028\u2029]+/g, " ");
