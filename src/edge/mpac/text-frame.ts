/** A text as it goes over the wire: one unmasked frame of RFC 6455, section 5.2, made once for everybody who gets it. */

/** A whole message (FIN) that is text. */
const FIN_TEXT = 0x81;

/** Payload lengths from which on the length stands in two further bytes, and in eight. */
const TWO_BYTE_LENGTH = 126;
const EIGHT_BYTE_LENGTH = 65_536;

export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const start = length < TWO_BYTE_LENGTH ? 2 : length < EIGHT_BYTE_LENGTH ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FIN_TEXT;
  if (start === 2) frame[1] = length;
  else if (start === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, start);
  return frame;
}
