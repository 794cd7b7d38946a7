/**
 * The messages in what a host writes: a line each, or after a header with `Content-Length`, as older hosts frame them.
 *
 * What is too long, or framed in a way that cannot be read, is told and passed over; the next message is read all the same.
 */

/** Longest message, in bytes: one with the largest body that travels, spelt as wastefully as JSON allows. */
const MOST_BYTES = 8 * 1024 * 1024;

export type Framed = { readonly text: string } | { readonly refused: string };

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** Whatever else a host may say between its messages is a line. */
const HEADER = /^content-[a-z]+\s*:/i;

const TOO_LONG = { refused: `the message is longer than ${MOST_BYTES} bytes` };

export async function* messagesIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<Framed> {
  const bytes = byteReader(chunks);
  for (let first = await bytes.peek(); first !== undefined; first = await bytes.peek()) {
    if (first === NEWLINE || first === RETURN) await bytes.take(1);
    else {
      const line = await bytes.line();
      if (line === undefined) yield TOO_LONG;
      else yield HEADER.test(line) ? await readHeaded(line, bytes) : { text: line };
    }
  }
}

async function readHeaded(first: string, bytes: ByteReader): Promise<Framed> {
  let length: number | undefined;
  for (let line: string | undefined = first; line !== ""; line = await bytes.line()) {
    const [, digits] = /^\s*content-length\s*:\s*(\d+)\s*$/i.exec(line ?? "") ?? [];
    if (digits !== undefined) length = Number(digits);
    if ((await bytes.peek()) === undefined) break;
  }
  if (length === undefined) return { refused: "a header without Content-Length" };
  return (await bytes.take(length)) ?? TOO_LONG;
}

interface ByteReader {
  peek(): Promise<number | undefined>;
  /** Up to the next newline or the end; undefined when it is too long. */
  line(): Promise<string | undefined>;
  /** So many bytes, or what there is before the end; undefined when they are too many. */
  take(count: number): Promise<{ readonly text: string } | undefined>;
}

function byteReader(chunks: AsyncIterable<Buffer>): ByteReader {
  const source = chunks[Symbol.asyncIterator]();
  let chunk: Buffer = Buffer.alloc(0);
  let at = 0;

  async function hasMore(): Promise<boolean> {
    while (at >= chunk.length) {
      const next = await source.next();
      if (next.done === true) return false;
      chunk = next.value;
      at = 0;
    }
    return true;
  }

  /** @param ends - where in the chunk the wanted bytes end, if they do */
  async function collect(ends: (taken: number) => number): Promise<string | undefined> {
    const parts: Buffer[] = [];
    let taken = 0;
    while (await hasMore()) {
      const end = ends(taken);
      const part = chunk.subarray(at, end < 0 ? chunk.length : end);
      at += part.length;
      taken += part.length;
      if (taken <= MOST_BYTES) parts.push(part);
      if (end >= 0) break;
    }
    return taken <= MOST_BYTES ? Buffer.concat(parts).toString("utf8") : undefined;
  }

  return {
    peek: async () => ((await hasMore()) ? chunk[at] : undefined),
    async line() {
      const text = await collect(() => chunk.indexOf(NEWLINE, at));
      if (at < chunk.length) at += 1; // the newline itself
      return text?.replace(/\r+$/, "");
    },
    async take(count) {
      const text = await collect((taken) => (count - taken <= chunk.length - at ? at + count - taken : -1));
      return text === undefined ? undefined : { text };
    },
  };
}
