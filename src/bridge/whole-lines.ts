/**
 * Bytes handed on when a line is whole: who looks for the end of a line with every piece that arrives, and puts the pieces
 * together anew each time, needs a quarter of a minute for a message of 48 MiB.
 */
import { Transform } from "node:stream";

const NEWLINE = 10;

/**
 * @param mostBytes - a line that is longer is handed on as far as it has come, for its reader to refuse
 * @param takes - is shown each line, and keeps those that it says yes to
 */
export function wholeLines(mostBytes: number, takes?: (line: Buffer) => boolean): Transform {
  let pieces: Buffer[] = [];
  let gathered = 0;

  function take(): Buffer {
    const [only] = pieces;
    const taken = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces, gathered);
    pieces = [];
    gathered = 0;
    return taken;
  }
  function gather(piece: Buffer): void {
    if (piece.length === 0) return;
    pieces.push(piece);
    gathered += piece.length;
  }

  function* left(lines: Buffer): Iterable<Buffer> {
    if (takes === undefined) return yield lines;
    for (let [begin, end] = [0, 0]; begin < lines.length; begin = end) {
      end = lines.indexOf(NEWLINE, begin) + 1;
      const line = lines.subarray(begin, end);
      if (!takes(line)) yield line;
    }
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      gather(chunk.subarray(0, end));
      if (end > 0) for (const lines of left(take())) this.push(lines);
      gather(chunk.subarray(end));
      if (gathered > mostBytes) this.push(take());
      done();
    },
    flush(done) {
      if (gathered > 0) this.push(take());
      done();
    },
  });
}
