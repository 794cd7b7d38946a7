/**
 * Frames that many get are made behind each other in memory, and those that stand so leave as one piece: to put them
 * together for each listener by itself would copy every frame as often as there are listeners.
 */

/** As much as may be kept for one listener that has not read the last byte of it. */
const BLOCK_BYTES = 64 * 1_024;

/** What is longer is worth a piece of its own. */
const LONGEST_BYTES = BLOCK_BYTES / 8;

/** Gives each frame again, behind the one before where there is room. */
export function createFrameBlock(): (frame: Buffer) => Buffer {
  let block = Buffer.alloc(0);
  let used = 0;
  return (frame) => {
    if (frame.length > LONGEST_BYTES) return frame;
    if (used + frame.length > block.length) {
      block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      used = 0;
    }
    const begin = used;
    used += frame.copy(block, begin);
    return block.subarray(begin, used);
  };
}

/** All of them in one buffer: a view where they stand behind each other, and a copy where not. */
export function joined(frames: readonly Buffer[]): Buffer {
  const pieces: Buffer[] = [];
  for (let next = 0; next < frames.length;) {
    const first = frames[next] as Buffer;
    const { buffer, byteOffset } = first;
    let end = byteOffset + first.length;
    next += 1;
    for (let frame = frames[next]; frame !== undefined && frame.byteOffset === end && frame.buffer === buffer; frame = frames[next]) {
      end += frame.length;
      next += 1;
    }
    pieces.push(end === byteOffset + first.length ? first : Buffer.from(buffer, byteOffset, end - byteOffset));
  }
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}
