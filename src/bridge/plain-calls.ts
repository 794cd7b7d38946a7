/**
 * Which calls of a host are answered without the SDK, as over HTTP (docs/decisions/0022): plain ones, in the era that the host has
 * been called in before.
 *
 * The first call goes the SDK's way, which settles the era, and so does the first one behind another `initialize`. Whatever is not
 * plain, or wrong, or ends in a question, is the SDK's.
 */
import type { Asked, Face } from "../mcp/face.ts";
import { answersPlainly, createPlainCalls, type PlainCall, plainCallIn2025, type PlainClient } from "../mcp/plain-call.ts";

type Id = PlainCall["id"];

export interface HostCalls {
  /** The face for the SDK's server: by its calls it is known which era the host speaks. */
  readonly face: Face;
  /** Whether the line is a plain call, which is answered then. */
  takes(line: Buffer): boolean;
  /** Nobody waits for the answer to this request any more, whatever it was. */
  cancelled(id: Id): void;
  /** The host has gone. */
  end(): void;
}

export interface HostCallsOptions {
  readonly face: Face;
  /** What a host of the era before has said of itself. */
  readonly client: () => PlainClient;
  /** Sends a message to the host. */
  readonly send: (message: object) => void;
  /** What was said before has left, or does not, when this comes to its turn. */
  readonly whenWritten: (then: (isWritten: boolean) => void) => void;
  /** Gives a message to the SDK. */
  readonly passOn: (message: object) => void;
  readonly report: (line: string) => void;
}

export function createHostCalls({ face, client, send, whenWritten, passOn, report }: HostCallsOptions): HostCalls {
  const plain = createPlainCalls();
  const open = new Map<Id, AbortController>();
  let era: Asked["era"] | undefined;

  const answerPlainly = answersPlainly(face, {
    report,
    whenSent({ id }, tell) {
      const ends = open.get(id);
      setImmediate(() => whenWritten((left) => tell(left && ends?.signal.aborted === false)));
    },
  });

  async function answer(call: PlainCall & PlainClient, asked: Pick<Asked, "era" | "visit">, message: object): Promise<void> {
    const ends = new AbortController();
    open.set(call.id, ends);
    const answered = await answerPlainly(call, call, asked, ends);
    if (open.get(call.id) === ends) open.delete(call.id);
    if (ends.signal.aborted) return;
    if (answered === undefined) passOn(message);
    else send(answered);
  }

  function callIn(message: object): (PlainCall & PlainClient) | undefined {
    if (era === "modern") return plain.in2026(message);
    const call = plainCallIn2025(message);
    return call && { ...call, ...client() };
  }

  return {
    face: {
      ...face,
      call(name, args, asked) {
        ({ era } = asked);
        return face.call(name, args, asked);
      },
    },
    takes(line) {
      if (era === undefined) return false;
      const message = messageIn(line);
      if (message === undefined) return false;
      if ("method" in message && message.method === "initialize") era = undefined;
      if (era === undefined) return false;
      const call = callIn(message);
      if (call === undefined) return false;
      void answer(call, { era, visit: undefined }, message);
      return true;
    },
    cancelled: (id) => open.get(id)?.abort(),
    end() {
      for (const ends of open.values()) ends.abort();
    },
  };
}

function messageIn(line: Buffer): object | undefined {
  try {
    const message: unknown = JSON.parse(line.toString("utf8"));
    return typeof message === "object" && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}
