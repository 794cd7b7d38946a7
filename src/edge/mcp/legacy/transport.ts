/**
 * The SDK's side of a server of 2025: messages in from many POSTs, each answer out to the one that asked.
 *
 * Requests go in under numbers of our own, so that two clients, or two requests of one, may bring the same id. Requests of the
 * server go out under ids that nobody guesses: what answers one is the answer to that one, also after a restart.
 */
import { randomBytes } from "node:crypto";
import type {
  JSONRPCErrorResponse,
  JSONRPCMessage,
  JSONRPCNotification,
  JSONRPCRequest,
  JSONRPCResultResponse,
  MessageExtraInfo,
  Transport,
  TransportSendOptions,
} from "@modelcontextprotocol/server";
import { Ending, type Ends } from "../../../mcp/ending.ts";

/** Whoever asked: is told what is said on the way, and the answer. */
export interface Asker {
  /** False where nothing but the answer gets through. */
  tell(message: JSONRPCMessage): boolean;
  /** Undefined when there is none: the request was cancelled. */
  answer(message: object | undefined): void;
}

interface Asked {
  readonly id: string | number;
  readonly asker: Asker;
  /** Of what is answered beside the server. */
  readonly end?: Ending | undefined;
}

/** Answers a request beside the server, which is asked where this gives nothing. Never rejects. */
export type Beside = (ends: Ends) => Promise<object | undefined>;

export class LegacyTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport["onmessage"]>;
  readonly #tell: (message: JSONRPCMessage) => boolean;
  readonly #asked = new Map<number, Asked>();
  /** Requests of the server that wait for an answer, by the id that the client knows. */
  readonly #asking = new Map<string, string | number>();
  #count = 0;

  /** @param tell - takes what belongs to no request; false where nobody hears it */
  constructor(tell: (message: JSONRPCMessage) => boolean) {
    this.#tell = tell;
  }

  /** Whether a request waits here, on either side. */
  get isBusy(): boolean {
    return this.#asked.size > 0 || this.#asking.size > 0;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    for (const { asker, end } of this.#asked.values()) {
      end?.end();
      asker.answer(undefined);
    }
    this.#asked.clear();
    this.onclose?.();
    return Promise.resolve();
  }

  /** Gives what takes the question back: its answer is waited for no more then. */
  ask(request: JSONRPCRequest, asker: Asker, extra: MessageExtraInfo, beside?: Beside): () => void {
    const number = (this.#count += 1);
    const end = beside === undefined ? undefined : new Ending();
    this.#asked.set(number, { id: request.id, asker, end });
    const askServer = (): void => this.onmessage?.({ ...request, id: number }, extra);
    if (beside === undefined || end === undefined) askServer();
    else
      void beside(end).then((answer) => {
        if (!this.#asked.has(number)) return; // taken back in the meantime
        if (answer === undefined) return askServer();
        this.#asked.delete(number);
        asker.answer(answer);
      });
    return () => this.#takeBack(number, { jsonrpc: "2.0", method: "notifications/cancelled", params: {} }, extra);
  }

  #takeBack(number: number, cancelled: JSONRPCNotification, extra: MessageExtraInfo): void {
    const asked = this.#asked.get(number);
    if (asked === undefined) return;
    this.#asked.delete(number);
    asked.end?.end();
    this.onmessage?.({ ...cancelled, params: { ...cancelled.params, requestId: number } }, extra);
    asked.asker.answer(undefined);
  }

  /** Takes a notification of the client. */
  hear(notification: JSONRPCNotification, extra: MessageExtraInfo): void {
    if (notification.method !== "notifications/cancelled") return this.onmessage?.(notification, extra);
    const requestId = notification.params?.["requestId"];
    for (const [number, { id }] of this.#asked) if (id === requestId) this.#takeBack(number, notification, extra);
  }

  /** Takes the client's answer to a request of the server; false when nobody waits for it. */
  hearAnswer(response: JSONRPCResultResponse | JSONRPCErrorResponse, extra: MessageExtraInfo): boolean {
    const id = typeof response.id === "string" ? this.#asking.get(response.id) : undefined;
    if (id === undefined) return false;
    this.#asking.delete(String(response.id));
    this.onmessage?.({ ...response, id }, extra);
    return true;
  }

  send(message: JSONRPCMessage, { relatedRequestId }: TransportSendOptions = {}): Promise<void> {
    if (!("method" in message)) {
      const asked = this.#asked.get(Number(message.id));
      if (asked === undefined) return Promise.resolve(); // cancelled in the meantime
      this.#asked.delete(Number(message.id));
      asked.asker.answer({ ...message, id: asked.id });
      return Promise.resolve();
    }
    const asker = relatedRequestId === undefined ? undefined : this.#asked.get(Number(relatedRequestId))?.asker;
    const tell = (said: JSONRPCMessage): boolean => (relatedRequestId === undefined ? this.#tell(said) : asker?.tell(said) === true);
    if ("id" in message) {
      const id = `signalbox-${randomBytes(9).toString("base64url")}`;
      if (!tell({ ...message, id })) return Promise.reject(new Error("there is no stream to this client"));
      this.#asking.set(id, message.id);
      return Promise.resolve();
    }
    tell(this.#asKnownOutside(message));
    return Promise.resolve();
  }

  /** The server gives up a request of its own: its client knows it by another id. */
  #asKnownOutside(notification: JSONRPCNotification): JSONRPCNotification {
    if (notification.method !== "notifications/cancelled") return notification;
    for (const [outside, id] of this.#asking) {
      if (id !== notification.params?.["requestId"]) continue;
      this.#asking.delete(outside);
      return { ...notification, params: { ...notification.params, requestId: outside } };
    }
    return notification;
  }
}
