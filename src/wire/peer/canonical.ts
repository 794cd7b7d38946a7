/**
 * An envelope of the peer bus, and the one text of it that its HMAC is taken of: eight members in a fixed order, spelt as
 * Go's encoding/json spells them.
 *
 * Strings are decoded and spelt anew. The body is not: its text loses the white space between its parts, and the five
 * characters that Go escapes are escaped in it. Whoever carries an envelope on may write it like this: the text of that
 * text is itself.
 */
import { membersOf, rawOf, stringsOf } from "./json-members.ts";
import { endOfString } from "./json-scan.ts";

const SIGNED = ["protocol_version", "id", "from", "to", "ts", "source", "kind"] as const;

export type PeerEnvelope = Readonly<Record<(typeof SIGNED)[number] | "hmac", string>> & {
  /** JSON text, compact; see {@link compact}. */
  readonly body: string;
};

/** Undefined when the text is not a JSON object or one of its known members has another type. Members that it lacks are "", a body `null`. */
export function readEnvelope(text: string): PeerEnvelope | undefined {
  const members = membersOf(text);
  const strings = members && stringsOf(members, [...SIGNED, "hmac"]);
  return strings && { ...strings, body: compact(rawOf(members, "body") ?? "null") };
}

/** What an HMAC is taken of. */
export function canonicalEnvelope(envelope: Omit<PeerEnvelope, "hmac">): string {
  const strings = SIGNED.map((name) => `"${name}":${quoted(envelope[name])}`);
  return `{${strings.join(",")},"body":${compact(envelope.body)}}`;
}

/** The same with the HMAC behind it: how an envelope travels. */
export function travellingEnvelope(envelope: PeerEnvelope): string {
  return `${canonicalEnvelope(envelope).slice(0, -1)},"hmac":${quoted(envelope.hmac)}}`;
}

/** What Go escapes so that a text may stand in HTML and in JavaScript. */
const escapedMore = (json: string): string =>
  json.replaceAll(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** A string as a JSON token. */
export function quoted(text: string): string {
  return escapedMore(JSON.stringify(text.toWellFormed()));
}

/** Without the white space between its parts, and with `<`, `>`, `&`, U+2028 and U+2029 escaped. @param raw - valid JSON */
export function compact(raw: string): string {
  return escapedMore(withoutSpace(raw));
}

function withoutSpace(raw: string): string {
  if (!/[ \n\r\t]/.test(raw)) return raw;
  const parts: string[] = [];
  let from = 0;
  let place = 0;
  while (place < raw.length) {
    const character = raw[place];
    if (character === '"') place = endOfString(raw, place);
    else if (character === " " || character === "\n" || character === "\r" || character === "\t") {
      parts.push(raw.slice(from, place));
      from = place += 1;
    } else place += 1;
  }
  parts.push(raw.slice(from));
  return parts.join("");
}
