/** A host in the test's own process that speaks raw JSON-RPC with a server of a face, in either era. */
import { InMemoryTransport, type JSONRPCMessage } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { Question } from "../tools/asking.ts";
import type { AskedToCall, Called, Face } from "./face.ts";
import { makeServer, type MakeServerOptions } from "./make-server.ts";
import { createRequestStates } from "./request-state.ts";

export interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string };
}

export const ERAS = ["legacy", "modern"] as const;
type Era = (typeof ERAS)[number];

export interface TalkOptions extends Partial<MakeServerOptions> {
  /** What the host says that it can do. */
  readonly capabilities?: object;
  /** Of the era before 2026-07-28. */
  readonly version?: string;
  /** What the person says to each question, or the host's `error`, in the era in which the server asks by itself. */
  readonly person?: (question: Message) => object;
}

export interface Talk {
  ask(method: string, params?: object, id?: number): Promise<Message>;
  say(method: string, params: object): void;
  /** Answers and requests that came without being waited for, and notifications. */
  readonly heard: readonly Message[];
  /** The next message of this method. */
  next(method: string): Promise<Message>;
  readonly server: () => ReturnType<typeof makeServer>;
}

export function envelope(capabilities: object = {}, name = "host"): object {
  return {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name, version: "1" },
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
}

/** Opens a conversation in this era. */
export async function talk(era: Era, face: Face, options: TalkOptions = {}): Promise<Talk> {
  const { capabilities = {}, version = "2025-11-25", person = () => ({ action: "cancel" }), ...given } = options;
  const [host, transport] = InMemoryTransport.createLinkedPair();
  const requestStates = createRequestStates({ nowMs: () => 0 });
  let server: ReturnType<typeof makeServer> | undefined;
  const waiting = new Map<number | string, (message: Message) => void>();
  const heard: Message[] = [];
  let asked = 0;

  const send = (message: object): void => void host.send({ jsonrpc: "2.0", ...message } as JSONRPCMessage);
  host.onmessage = (received) => {
    const message = received as Message;
    if (message.method === "elicitation/create") {
      const said = person(message);
      send({ id: message.id, ...("error" in said ? said : { result: said }) });
    }
    const waited = waiting.get(message.method ?? message.id ?? -1);
    waiting.delete(message.method ?? message.id ?? -1);
    if (waited === undefined || message.method !== undefined) heard.push(message);
    waited?.(message);
  };
  const next = (method: string) => new Promise<Message>((resolve) => waiting.set(method, resolve));
  const meta = (params: object) => (params as { readonly _meta?: object })._meta;
  const ask = (method: string, params: object = {}, id = (asked += 1)) => {
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
    send({ id, method, params: era === "legacy" ? params : { ...params, _meta: { ...envelope(capabilities), ...meta(params) } } });
    return answer;
  };
  const say = (method: string, params: object): void => send({ method, params });

  await host.start();
  serveStdio(
    (entry) =>
      (server = makeServer(face, {
        era: entry.era,
        requestStates,
        callerOf: () => "ana",
        whenSent: (_request, tell) => setImmediate(() => tell(true)),
        report: () => undefined,
        ...given,
      })),
    { transport },
  );
  if (era === "legacy") {
    await ask("initialize", { protocolVersion: version, capabilities, clientInfo: { name: "host", version: "1" } });
    say("notifications/initialized", {});
  }
  return {
    ask,
    say,
    heard,
    next,
    server() {
      if (server === undefined) throw new Error("nothing was asked yet");
      return server;
    },
  };
}

/** A face with one tool, `act`, and what else a test says. */
export function faceWith(
  face: Partial<Face> & { readonly act?: (asked: AskedToCall, args: unknown) => Called | Promise<Called> } = {},
): Face {
  const { act = () => said("done"), ...rest } = face;
  const annotations = { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false } as const;
  const schema = { type: "object" } as const;
  return {
    version: "1.2.3",
    instructions: "act when told",
    lists: {
      tools: [{ name: "act", title: "Act", description: "Acts.", inputSchema: schema, outputSchema: schema, annotations }],
      resources: [],
      prompts: [],
    },
    call: async (_name, args, asked) => act(asked, args),
    read: () => Promise.resolve(undefined),
    prompt: () => Promise.resolve({ refused: "no" }),
    complete: () => Promise.resolve([]),
    ...rest,
  };
}

interface Said {
  readonly asks?: Question;
  readonly settle?: (given: boolean) => unknown;
}

export function said(text: string, { asks, settle }: Said = {}): Called {
  return {
    outcome: "result",
    result: {
      structured: { said: text },
      text,
      ...(asks === undefined ? {} : { asks }),
      ...(settle === undefined ? {} : { settle: (given) => void settle(given) }),
    },
  };
}

/** A value that a test gets to know later. */
export function later<Value = void>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => (resolve = settle));
  return { promise, resolve };
}
