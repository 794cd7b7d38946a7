/**
 * The frames of the peer bus beside the envelope, and how large a frame may be. What an envelope is stands in canonical.ts.
 */
import { quoted } from "./canonical.ts";
import { membersOf, rawOf, stringsOf } from "./json-members.ts";

export const PEER_PROTOCOL = "v1";

/** Most bytes of a message, in both directions. */
export const MAX_PEER_FRAME_BYTES = 1_048_576;

/** How deep values may stand in an envelope: a delivery puts one more around them, and Go reads no more than 10,000. */
export const MAX_ENVELOPE_DEPTH = 9_999;

/** Most bytes of a name: every list of peers holds it. */
export const MAX_PEER_NAME_BYTES = 1_024;

/** What a broadcast is addressed to, and its kind. */
export const EVERYBODY = "*";
export const BROADCAST = "broadcast";

export interface RegisterFrame {
  readonly type: string;
  readonly protocol_version: string;
  readonly name: string;
  readonly token: string;
  /** An addition of ours: whether it wants to be told what it may have been handed before. */
  readonly marks: boolean;
}

/** Undefined when it is no JSON object or a member of it has another type. */
export function readRegister(text: string): RegisterFrame | undefined {
  const members = membersOf(text);
  const strings = members && stringsOf(members, ["type", "protocol_version", "name", "token"]);
  return strings && { ...strings, marks: rawOf(members, "marks") === "true" };
}

/** What a frame says that it is; undefined when it says that otherwise than by a string, and for what is no JSON object. */
export function typeOfFrame(text: string): string | undefined {
  const members = membersOf(text);
  return members && stringsOf(members, ["type"])?.type;
}

/** The key of an acknowledgement; undefined when the frame is malformed. */
export function readAck(text: string): string | undefined {
  const members = membersOf(text);
  return members && stringsOf(members, ["protocol_version", "type", "id"])?.id;
}

const control = (type: string, rest: string): string => `{"protocol_version":"${PEER_PROTOCOL}","type":"${type}",${rest}}`;

/** @param envelope - as it travels */
export function deliverFrame(key: string, envelope: string): string {
  return control("deliver", `"delivery_key":${quoted(key)},"envelope":${envelope}`);
}

/** The same for who asked to be told that it may have been handed this before. */
export function markedFrame(key: string, envelope: string): string {
  return `${deliverFrame(key, envelope).slice(0, -1)},"redelivered":true}`;
}

/** How many bytes `deliverFrame` makes of an envelope of so many. */
export function deliverFrameBytes(key: string, envelopeBytes: number): number {
  return utf8Bytes(deliverFrame(key, "")) + envelopeBytes;
}

/** As many of the names, in their order, as a frame may hold. */
export function peersFrame(names: readonly string[]): string {
  let room = MAX_PEER_FRAME_BYTES - control("peers", '"names":[]').length;
  const listed: string[] = [];
  for (const name of names) {
    const token = quoted(name);
    room -= utf8Bytes(token) + 1;
    if (room < 0) break;
    listed.push(token);
  }
  return control("peers", `"names":[${listed.join(",")}]`);
}

/** Of a well-formed text. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let place = 0; place < text.length; place += 1) {
    const code = text.charCodeAt(place);
    if (code < 0x80) continue;
    // A surrogate is half of four bytes.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
