/**
 * Server-sent events: how a client of any edge follows what happens, loses its connection and goes on where it stopped.
 *
 * An event is asked for when the socket takes it, so a slow client slows its own stream and nothing else. While nothing
 * happens a comment goes out, so that neither side, nor anything between them, takes the silence for the end.
 */
export interface ServerSentEvent {
  /** Where a client that lost its connection goes on. */
  readonly id?: number | string;
  readonly event?: string;
  /** May have several lines. */
  readonly data: string;
}

/** How long a stream may be silent, in milliseconds. */
const HEARTBEAT_MS = 15_000;

const HEADERS = { "content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no" };

/** Sent first: a client sees that it is connected before anything happens. */
const BEGINNING = ": connected\n\n";
const HEARTBEAT = ": heartbeat\n\n";

/**
 * Answers with a stream of what `events` gives, and ends when that ends; when it throws, an event `fault` says why before the
 * end, and the client may come again. The signal that `events` gets fires when the client has gone or the listener closes.
 */
export function eventStream(
  request: Pick<Request, "signal">,
  events: (signal: AbortSignal) => AsyncIterable<ServerSentEvent>,
  heartbeatMs = HEARTBEAT_MS,
): Response {
  const gone = new AbortController();
  const texts = textsOf(events(gone.signal));
  let asked = false;
  let arrived: IteratorResult<string, void> | undefined;
  let wake: () => void = () => undefined;

  function ask(): void {
    asked = true;
    void texts.next().then((result) => {
      arrived = result;
      wake();
    });
  }

  function arrivalOrHeartbeat(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, heartbeatMs);
      wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function end(): void {
    request.signal.removeEventListener("abort", end);
    gone.abort();
    // One that was between two events is not asked for the next, and would not see the signal.
    void texts.return();
  }
  request.signal.addEventListener("abort", end);
  if (request.signal.aborted) end();

  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(Buffer.from(BEGINNING)),
      async pull(controller) {
        if (!asked) ask();
        if (arrived === undefined) await arrivalOrHeartbeat();
        if (arrived === undefined) return controller.enqueue(Buffer.from(HEARTBEAT));
        const { done, value } = arrived;
        asked = false;
        arrived = undefined;
        if (done !== true) return controller.enqueue(Buffer.from(value));
        end();
        controller.close();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: HEADERS });
}

async function* textsOf(events: AsyncIterable<ServerSentEvent>): AsyncGenerator<string, void, undefined> {
  try {
    for await (const event of events) yield textOf(event);
  } catch (error) {
    yield textOf({ event: "fault", data: JSON.stringify({ detail: error instanceof Error ? error.message : String(error) }) });
  }
}

function textOf({ id, event, data }: ServerSentEvent): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${field("id", id)}${field("event", event)}${lines.join("")}\n`;
}

/** A line break would begin another field, and an id with a NUL is none. */
function field(name: string, value: number | string | undefined): string {
  return value === undefined ? "" : `${name}: ${String(value).replace(/[\r\n\0]/g, "")}\n`;
}
