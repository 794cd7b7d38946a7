/**
 * The sending half of one event stream to an MCP client: what is said waits here for the socket, up to a bound.
 *
 * Whoever does not read is let go: its stream ends, and what of it can be resumed is for whoever keeps it. Nobody else waits
 * for a slow reader, and none holds more than its bound.
 */
export interface Outlet {
  readonly body: ReadableStream<Uint8Array>;
  readonly isOpen: boolean;
  send(text: string | Uint8Array): void;
  /** Resolves when everything that was said has been taken, or nothing will be. */
  drained(): Promise<void>;
  /** Ends the stream behind what was said. */
  end(): void;
}

export interface OutletOptions {
  /** Called once, when the stream has ended for whatever reason. */
  readonly onEnd: () => void;
  readonly heartbeatMs?: number | undefined;
  readonly maxBytes?: number;
}

/** How long a stream may be silent, in milliseconds. */
const HEARTBEAT_MS = 15_000;

/** How many heartbeats may come due while what was said is not taken. */
const PATIENCE = 4;

/** Bytes that may wait for a reader: more than the longest answer of a tool. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;

const HEARTBEAT = Buffer.from(": heartbeat\n\n");

export const STREAM_HEADERS = { "content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no" } as const;

export function createOutlet({ onEnd, heartbeatMs = HEARTBEAT_MS, maxBytes = MAX_UNREAD_BYTES }: OutletOptions): Outlet {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let state: "open" | "ending" | "ended" = "open";
  /** Set while the reader wants something that is not there yet. */
  let give: (() => void) | undefined;
  let hearDrained: (() => void)[] = [];
  let untaken = 0;

  const timer = setInterval(beat, heartbeatMs);
  timer.unref();

  function beat(): void {
    if (give !== undefined) return say(HEARTBEAT);
    untaken += 1;
    if (untaken >= PATIENCE) cut();
  }

  function say(bytes: Uint8Array): void {
    waiting.push(bytes);
    waitingBytes += bytes.length;
    give?.();
    if (waitingBytes > maxBytes) cut();
  }

  function ended(): void {
    if (state === "ended") return;
    state = "ended";
    clearInterval(timer);
    waiting = [];
    tellDrained();
    onEnd();
  }

  function tellDrained(): void {
    const hearers = hearDrained;
    hearDrained = [];
    for (const hear of hearers) hear();
  }

  let source: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** An error, not an end: the client sees that something is missing, and comes again. */
  function cut(): void {
    source?.error(new Error("this reader is too slow"));
    ended();
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source = controller;
      },
      pull(controller) {
        untaken = 0;
        const next = waiting.shift();
        if (next !== undefined) {
          waitingBytes -= next.length;
          return controller.enqueue(next);
        }
        tellDrained();
        if (state === "ending") {
          controller.close();
          return ended();
        }
        return new Promise<void>((resolve) => {
          give = () => {
            give = undefined;
            const bytes = waiting.shift();
            if (bytes === undefined) {
              if (state === "ending") controller.close();
              ended();
            } else {
              waitingBytes -= bytes.length;
              timer.refresh();
              controller.enqueue(bytes);
            }
            resolve();
          };
        });
      },
      cancel: ended,
    },
    { highWaterMark: 0 },
  );

  return {
    body,
    get isOpen() {
      return state === "open";
    },
    send(text) {
      if (state === "open") say(typeof text === "string" ? Buffer.from(text) : text);
    },
    drained() {
      if (state === "ended" || (waiting.length === 0 && give !== undefined)) return Promise.resolve();
      return new Promise((resolve) => hearDrained.push(resolve));
    },
    end() {
      if (state !== "open") return;
      state = "ending";
      give?.();
    },
  };
}
