/**
 * How a caller hears how far its call has come: under its own token, growing, and not after the answer.
 */
import type { ServerContext } from "@modelcontextprotocol/server";
import type { Progress } from "../tools/asking.ts";

/** How far a request has come; a question in between starts its call again, and the caller still waits for the same one. */
const reached = new WeakMap<AbortSignal, number>();

interface Asking {
  readonly mcpReq: Pick<ServerContext["mcpReq"], "_meta" | "notify" | "signal">;
}

export interface Progressing {
  readonly tell: (progress: Progress) => void;
  /** The answer goes out now. */
  end(): void;
}

/** Undefined where the caller did not ask to be told. */
export function progressTo({ mcpReq: { _meta, notify, signal } }: Asking): Progressing | undefined {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let isOver = false;
  return {
    tell({ done, total, message }) {
      if (isOver || signal.aborted || done <= (reached.get(signal) ?? -Infinity)) return;
      reached.set(signal, done);
      const params = { progressToken, progress: done, ...(total === undefined ? {} : { total }), message };
      notify({ method: "notifications/progress", params }).catch(() => undefined); // a caller that has gone misses nothing
    },
    end: () => (isOver = true),
  };
}
