/** A client of `/mcp` that speaks JSON-RPC over `fetch` and knows no SDK. */
import type { Body } from "./board.test.fixture.ts";

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the body; the messages of a stream that has ended. */
  readonly body: Body;
  readonly events: readonly SseEvent[];
}

export interface SseEvent {
  readonly id?: string;
  readonly retry?: string;
  readonly data: string;
}

export const LEGACY = "2025-11-25";
const MODERN = "2026-07-28";

let requests = 0;

export function request(method: string, params?: Body, id: string | number = (requests += 1)): Body {
  return { jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) };
}

export const toolCall = (name: string, args: Body = {}, id?: string | number): Body => request("tools/call", { name, arguments: args }, id);

export const initialize = (capabilities: Body = {}, protocolVersion = LEGACY): Body =>
  request("initialize", { protocolVersion, capabilities, clientInfo: { name: "test client", version: "1" } });

/** The headers and the envelope that 2026-07-28 wants. */
export function modern(method: string, params: Body = {}, capabilities: Body = {}): readonly [Body, Record<string, string>] {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": { name: "test client", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
  const named = params["name"] ?? params["uri"];
  const name = typeof named === "string" && method !== "completion/complete" ? { "mcp-name": named } : {};
  return [request(method, { ...params, _meta }), { "mcp-protocol-version": MODERN, "mcp-method": method, ...name }];
}

export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
  return readAll(await open(url, body, headers));
}

/** A POST whose answer is a stream that goes on. */
export function open(url: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(url, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    ...(signal === undefined ? {} : { signal }),
  });
}

export async function readAll(response: Response): Promise<Answered> {
  const text = await response.text();
  const { status, headers } = response;
  if (headers.get("content-type")?.startsWith("text/event-stream") === true) {
    const events = eventsIn(text);
    const last = events.at(-1)?.data ?? "";
    return { status, headers, body: last === "" ? {} : (JSON.parse(last) as Body), events };
  }
  return { status, headers, body: text === "" ? {} : (JSON.parse(text) as Body), events: [] };
}

/** Opens a session and gives the headers of its requests. */
export async function begin(url: string, headers: Record<string, string> = {}, message = initialize()): Promise<Record<string, string>> {
  const answered = await post(url, message, headers);
  const id = answered.headers.get("mcp-session-id");
  if (id === null) throw new Error(`no session: ${answered.status} ${JSON.stringify(answered.body)}`);
  const inSession = { ...headers, "mcp-session-id": id, "mcp-protocol-version": LEGACY };
  await post(url, { jsonrpc: "2.0", method: "notifications/initialized" }, inSession);
  return inSession;
}

export interface Listening {
  /** The next event that says something or is a place to go on. */
  next(): Promise<SseEvent | undefined>;
  close(): void;
}

/** Reads a stream, event by event. */
export function listenTo(response: Response, abort: AbortController): Listening {
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return {
    async next() {
      for (;;) {
        const end = rest.indexOf("\n\n");
        if (end !== -1) {
          const [event] = eventsIn(rest.slice(0, end + 2));
          rest = rest.slice(end + 2);
          if (event !== undefined) return event;
          continue;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        rest += value;
      }
    },
    close: () => abort.abort(),
  };
}

export async function listen(url: string, headers: Record<string, string>): Promise<Listening> {
  const abort = new AbortController();
  const response = await fetch(url, { headers: { accept: "text/event-stream", ...headers }, signal: abort.signal });
  if (response.status !== 200) throw new Error(`no stream: ${response.status} ${await response.text()}`);
  return listenTo(response, abort);
}

function eventsIn(text: string): SseEvent[] {
  return text.split("\n\n").flatMap((block) => {
    const fields = Object.fromEntries(
      block
        .split("\n")
        .flatMap((line) =>
          (/^(id|retry|data): ?(.*)$/.exec(line) ?? []).slice(1, 3).length === 2
            ? [/^(id|retry|data): ?(.*)$/.exec(line)!.slice(1, 3)]
            : [],
        ),
    );
    return "data" in fields ? [fields as unknown as SseEvent] : [];
  });
}
