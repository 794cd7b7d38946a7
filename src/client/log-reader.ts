/**
 * The log of a running sidecar, asked for page by page. What comes is taken as it comes: whether it is whole is judged by
 * whoever reads it.
 */
import { Agent, request, type RequestOptions } from "node:http";
import type { Hash, StreamId } from "../wire/ids.ts";
import { LogPage, LogRefusal, LogStreams } from "../wire/log-export.ts";

/** Milliseconds that one answer may take. */
const LIMIT_MS = 30_000;

/** An answer of more bytes is not a sidecar's. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The sidecar did not hand out its log, or no longer does. */
export class LogNotHandedOut extends Error {
  override readonly name = "LogNotHandedOut";
  readonly code: string;

  constructor(code: string, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export interface LogReader extends Disposable {
  streams(): Promise<readonly { readonly stream: StreamId; readonly head: number }[]>;
  read(stream: StreamId, after: number): AsyncIterable<{ readonly revision: number; readonly text: string }>;
  getBlob(hash: Hash): Promise<Uint8Array | undefined>;
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly token: string;
}

/** Every question throws LogNotHandedOut when it is not answered. */
export function readLogOf({ host, port, token }: Address): LogReader {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const where = `the sidecar at ${host}:${port}`;

  async function askFor<Kind>(path: string, shape: Shape<Kind>): Promise<Kind> {
    const { status, body } = await ask(path);
    if (status !== 200) throw refusal(where, status, body);
    const answer = shape.safeParse(parse(body));
    if (!answer.success) throw new LogNotHandedOut("sidecar/no-answer", `${where} answered something else than its log`, answer.error);
    return answer.data;
  }

  async function ask(path: string): Promise<Answer> {
    const options = { host: host.replace(/^\[(.*)\]$/, "$1"), port, path, agent, headers: { authorization: `Bearer ${token}` } };
    return answerOf(options).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new LogNotHandedOut("sidecar/no-answer", `${where} went away while its log was read (${why}); ask again`, cause);
    });
  }

  return {
    async streams() {
      const { streams } = await askFor("/control/log/streams", LogStreams);
      return streams.map(({ stream, head }) => ({ stream: stream as StreamId, head }));
    },
    async *read(stream, after) {
      for (let position = after; ;) {
        const path = `/control/log/records?stream=${encodeURIComponent(stream)}&after=${position}`;
        const { records } = await askFor(path, LogPage);
        yield* records;
        // Numbers that do not rise are for the reader to judge, and are no reason to ask for ever.
        const next = records.at(-1)?.revision ?? position;
        if (next <= position) return;
        position = next;
      }
    },
    async getBlob(hash) {
      const { status, body } = await ask(`/control/log/blobs/${hash}`);
      if (status === 404 && parse(body) !== undefined) return undefined;
      if (status !== 200) throw refusal(where, status, body);
      return body;
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

interface Shape<Kind> {
  safeParse(value: unknown): { readonly success: true; readonly data: Kind } | { readonly success: false; readonly error: Error };
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

function answerOf(options: RequestOptions): Promise<Answer> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, signal }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) response.destroy(new Error(`its answer has more than ${MAX_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end();
  });
}

function refusal(where: string, status: number, body: Buffer): LogNotHandedOut {
  const { code, detail } = LogRefusal.safeParse(parse(body)).data ?? {};
  if (code !== undefined) return new LogNotHandedOut(code, `${where} says: ${detail}`);
  if (status === 401) return new LogNotHandedOut("sidecar/no-token", `${where} does not take the token of its discovery file`);
  const older = `${where} does not hand out its log, as releases before this one: \`signalbox stop\`, then ask again`;
  if (status === 404) return new LogNotHandedOut("sidecar/no-answer", older);
  return new LogNotHandedOut("sidecar/no-answer", `${where} answered ${status}${detail === undefined ? "" : `: ${detail}`}`);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
