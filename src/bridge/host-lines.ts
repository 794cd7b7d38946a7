/**
 * What a line of the host is: a message, an array of messages, or nothing of the kind.
 *
 * The messages of an array are gone through one after the other, as over HTTP, and their answers leave in one line. What is no
 * message is answered here, because the SDK drops it.
 */
import { unfitArray } from "../mcp/arrays.ts";
import { isAnswer, isAwaited } from "./plain-calls.ts";
import { isObject, type Members } from "../mcp/members.ts";

type Id = string | number;

const INVALID_REQUEST = -32_600;
const PARSE_ERROR = -32_700;

const NO_MESSAGE = errorOf(null, INVALID_REQUEST, "this is no JSON-RPC message, and no array of them");

export interface HostLines {
  /** Whether that was a line with something in it. */
  takes(line: Buffer): boolean;
  /** Whether this answers a message of an array, and so leaves with the others. */
  keeps(message: object): boolean;
  /** Runs `then` when the answer to this request, which is about to be sent, has been, or will not be. */
  whenSent(id: Id, then: (isSent: boolean) => void): void;
  /** Nobody waits for the answer to this request any more, whatever it was. */
  cancelled(id: Id): void;
  /** The host has gone. */
  end(): void;
}

export interface HostLinesOptions {
  /** Gives a message to whoever answers it. */
  readonly give: (message: Members) => void;
  /** Sends a line to the host. */
  readonly send: (line: object) => void;
  /** Whether the host speaks 2026-07-28. */
  readonly isModern: () => boolean;
  readonly report: (line: string) => void;
}

interface Line {
  /** Messages whose turn has not come. */
  rest: readonly unknown[];
  readonly answers: object[];
  readonly hearers: ((isSent: boolean) => void)[];
}

export function createHostLines({ give, send, isModern, report }: HostLinesOptions): HostLines {
  /** The request of each array that is under way. */
  const waiting = new Map<Id, { readonly line: Line; readonly answered: (answer: object | undefined) => void }>();

  /** Arrays that are gone through. */
  const lines = new Set<Line>();

  async function takeArray(messages: readonly unknown[]): Promise<void> {
    const unfit = messages.length === 0 ? "an array holds a message at least" : unfitArray(messages, isModern());
    if (unfit !== undefined) return send(errorOf(null, INVALID_REQUEST, unfit));
    const line: Line = { rest: messages, answers: [], hearers: [] };
    lines.add(line);
    while (line.rest.length > 0) {
      const [message, ...rest] = line.rest;
      line.rest = rest;
      const answer = isMessage(message) ? await answerTo(message, line) : NO_MESSAGE;
      if (answer !== undefined) line.answers.push(answer);
    }
    lines.delete(line);
    if (line.answers.length > 0) send(line.answers);
    for (const hear of line.hearers) hear(true);
  }

  async function answerTo(message: Members, line: Line): Promise<object | undefined> {
    const { id } = message as { readonly id: Id };
    if (!isAwaited(message)) {
      give(message);
      return undefined;
    }
    if (waiting.has(id)) return errorOf(id, INVALID_REQUEST, "a request of this id is under way; give each one of its own");
    return new Promise((answered) => {
      waiting.set(id, { line, answered });
      give(message);
    });
  }

  function settle(id: Id, answer: object | undefined): boolean {
    const asked = waiting.get(id);
    waiting.delete(id);
    asked?.answered(answer);
    return asked !== undefined;
  }

  return {
    takes(line) {
      const text = line.toString("utf8");
      let message: unknown;
      try {
        message = JSON.parse(text);
      } catch {
        if (text.trim() === "") return false;
        report("a line of the host is no JSON, and it was told so");
        send(errorOf(null, PARSE_ERROR, "Parse error: a message is one line of JSON"));
        return true;
      }
      if (Array.isArray(message)) void takeArray(message);
      else if (isMessage(message)) give(message);
      else send(NO_MESSAGE);
      return true;
    },
    keeps: (message) => !("method" in message) && "id" in message && settle(message.id as Id, message),
    whenSent(id, then) {
      const asked = waiting.get(id);
      if (asked === undefined) then(true);
      else asked.line.hearers.push(then);
    },
    cancelled(id) {
      if (settle(id, undefined)) return;
      for (const line of lines)
        line.rest = line.rest.filter((message) => !(isMessage(message) && isAwaited(message) && message["id"] === id));
    },
    end() {
      for (const { line } of waiting.values()) for (const hear of line.hearers.splice(0)) hear(false);
      lines.clear();
      waiting.clear(); // what stands behind these is begun no more
    },
  };
}

/** Whether it is a message as far as can be told whom to answer; what else is wrong with it is told under its id. */
function isMessage(value: unknown): value is Members {
  return isObject(value) && (isAwaited(value) || isAnswer(value) || (!("id" in value) && typeof value["method"] === "string"));
}

function errorOf(id: Id | null, code: number, message: string) {
  return { jsonrpc: "2.0" as const, id, error: { code, message } };
}
