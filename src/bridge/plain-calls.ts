/**
 * Which calls of a host are answered without the SDK, as over HTTP (docs/decisions/0022): plain ones, in the era that the host has
 * been called in before.
 *
 * The first call goes the SDK's way, which settles the era, and so does the first one behind another `initialize`. Whatever is not
 * plain, or wrong, or ends in a question, is the SDK's. A host may give a call a mark of its own, and be told how far it has come:
 * over stdio that is a line more.
 *
 * A request that is none is refused here, because the SDK drops it, and its host would wait for good.
 */
import { Ending } from "../mcp/ending.ts";
import type { Asked, Face } from "../mcp/face.ts";
import { isId, isObject, type Members } from "../mcp/members.ts";
import type { Pages } from "../mcp/pages.ts";
import { progressTo, type Progressing } from "../mcp/progress.ts";
import { answersPlainly, createPlainCalls, type PlainCall, plainCallIn2025, type PlainClient } from "../mcp/plain-call.ts";

type Id = PlainCall["id"];

const INVALID_REQUEST = -32_600;
const NO_REQUEST =
  'this is no request of MCP: jsonrpc is "2.0", id and progressToken are a text or a whole number, method is a text, params and _meta are objects';

/** A member of `_meta` under a name of the host's own; those of the protocol mean something. */
const OF_HOST = /^(?![^/]*(?:mcp|modelcontextprotocol))[^/]+\/./;

export interface HostCalls {
  /** The face for the SDK's server: by its calls it is known which era the host speaks. */
  readonly face: Face;
  /** Whether the message is a plain call, or a request that is none, which is answered then. */
  takes(message: Members): boolean;
  /** Nobody waits for the answer to this request any more, whatever it was. */
  cancelled(id: Id): void;
  /** The host has gone. */
  end(): void;
}

export interface HostCallsOptions {
  readonly face: Face;
  /** Where a person answers whose host opens addresses. */
  readonly pages?: Pages | undefined;
  /** What a host of the era before has said of itself. */
  readonly client: () => PlainClient;
  /** Sends a message to the host. */
  readonly send: (message: object) => void;
  /** Tells when the answer to this request, which is about to be sent, has left, or that it does not. */
  readonly whenSent: (id: Id, tell: (isSent: boolean) => void) => void;
  /** Whether the SDK takes it for a request. */
  readonly isRequest: (message: object) => boolean;
  /** Gives a message to the SDK. */
  readonly passOn: (message: object) => void;
  readonly report: (line: string) => void;
}

export function createHostCalls(options: HostCallsOptions): HostCalls {
  const { face, pages, client, send, whenSent, isRequest, passOn, report } = options;
  const plain = createPlainCalls();
  const open = new Map<Id, Ending>();
  let era: Asked["era"] | undefined;

  /** Of the few calls whose host wants to hear how far they have come. */
  const progressing = new Map<AbortSignal, Progressing>();

  const faceWithProgress: Face = {
    ...face,
    call(name, args, asked) {
      const progress = progressing.size === 0 ? undefined : progressing.get(asked.signal);
      if (progress === undefined) return face.call(name, args, asked);
      const { era: of, signal, clientName, visit, person } = asked;
      const told = { era: of, signal, clientName, visit, person, progress: progress.tell };
      return face.call(name, args, told).finally(() => progress.end());
    },
  };
  const answerPlainly = answersPlainly(faceWithProgress, {
    pages,
    report,
    whenSent({ id }, tell) {
      const ends = open.get(id);
      whenSent(id, (left) => tell(left && ends?.isOver === false));
    },
  });

  function tellProgress(progressToken: Id, signal: AbortSignal): void {
    const notify = (notification: object): Promise<void> => Promise.resolve(send({ jsonrpc: "2.0", ...notification }));
    const progress = progressTo({ mcpReq: { _meta: { progressToken }, notify, signal } });
    if (progress !== undefined) progressing.set(signal, progress);
  }

  async function answer(
    call: PlainCall & PlainClient,
    asked: Pick<Asked, "era" | "visit">,
    { message, progressToken }: Unmarked,
  ): Promise<void> {
    const ends = new Ending();
    open.set(call.id, ends);
    if (progressToken !== undefined) tellProgress(progressToken, ends.signal);
    const answered = await answerPlainly(call, call, asked, ends);
    if (progressToken !== undefined) progressing.delete(ends.signal);
    if (open.get(call.id) === ends) open.delete(call.id);
    if (ends.isOver) return;
    if (answered === undefined) passOn(message);
    else send(answered);
  }

  function callIn(message: object): (PlainCall & PlainClient) | undefined {
    if (era === "modern") return plain.in2026(message);
    const call = plainCallIn2025(message);
    return call && { ...call, ...client() };
  }

  function takesCall(message: Members): boolean {
    if (message["method"] === "initialize") era = undefined;
    if (era === undefined) return false;
    const unmarked = withoutMarks(message);
    const call = unmarked && callIn(unmarked.bare);
    if (unmarked === undefined || call === undefined || open.has(call.id)) return false;
    void answer(call, { era, visit: undefined }, unmarked);
    return true;
  }

  function refuses(message: Members): boolean {
    const { id } = message;
    if (!isAwaited(message) || isRequest(message)) return false;
    send({ jsonrpc: "2.0", id, error: { code: INVALID_REQUEST, message: NO_REQUEST } });
    return true;
  }

  return {
    face: {
      ...face,
      call(name, args, asked) {
        ({ era } = asked);
        return face.call(name, args, asked);
      },
    },
    takes: (message) => takesCall(message) || refuses(message),
    cancelled: (id) => open.get(id)?.end(),
    end() {
      era = undefined; // what is read now nobody hears the answer to
      for (const ends of open.values()) ends.end();
    },
  };
}

/** Whether somebody waits for what is said to it: under its id, and it is no answer itself. */
export function isAwaited(message: Members): boolean {
  const { id } = message;
  return (typeof id === "string" || typeof id === "number") && !isAnswer(message);
}

/** An answer has no answer, whatever is wrong with it: its id is one of ours. */
export function isAnswer(message: Members): boolean {
  return !("method" in message) && ("result" in message || "error" in message);
}

interface Unmarked {
  /** As it came. */
  readonly message: Members;
  /** Without the host's own marks, and without the token. */
  readonly bare: Members;
  /** By which the host wants to hear how far the call has come. */
  readonly progressToken: Id | undefined;
}

/** Undefined for a token that is none. */
function withoutMarks(message: Members): Unmarked | undefined {
  const { params } = message;
  const meta = isObject(params) ? params["_meta"] : undefined;
  if (!isObject(params) || !isObject(meta)) return { message, bare: message, progressToken: undefined };
  const { progressToken, ...others } = meta;
  if (progressToken !== undefined && !isId(progressToken)) return undefined;
  const kept = Object.entries(others).filter(([name]) => !OF_HOST.test(name));
  const { _meta, ...rest } = params;
  const bare = { ...message, params: kept.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(kept) } };
  return { message, bare, progressToken };
}
