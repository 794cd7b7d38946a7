/**
 * Requests and streams that are open: sent away when their credential is given out no more or has run out, and ended before a
 * handover.
 */
import { type Clock, systemClock } from "../../engine/clock.ts";
import { CODE, refusal } from "./errors.ts";
import type { Caller, Callers } from "./ports.ts";

export type Reason = "credential" | "handover";

export interface Stay {
  readonly caller: Caller;
  readonly sessionId: string;
  /** Ends it; whoever sees it end may come again. */
  readonly end: (reason: Reason) => void;
}

export interface Stays {
  readonly size: number;
  /** Until it is disposed of. */
  add(stay: Stay): Disposable;
  /** Sends away whose credential holds no more, and gives how many those were. */
  dismiss(callers: Pick<Callers, "stillHolds">): number;
  endAll(): void;
}

/** Whether it would be let in now by what it showed. */
export function holds(callers: Pick<Callers, "stillHolds">, caller: Caller, sessionId: string): boolean {
  return callers.stillHolds(caller, sessionId) && caller.stands?.() !== false;
}

export function createStays(clock: Pick<Clock, "wallMs" | "after"> = systemClock): Stays {
  const open = new Set<Stay>();
  return {
    get size() {
      return open.size;
    },
    add(stay) {
      open.add(stay);
      const { expiresAtMs } = stay.caller;
      const expiry = expiresAtMs === undefined ? undefined : clock.after(expiresAtMs - clock.wallMs(), () => stay.end("credential"));
      return {
        [Symbol.dispose]() {
          expiry?.[Symbol.dispose]();
          open.delete(stay);
        },
      };
    },
    dismiss(callers) {
      const unwanted = [...open].filter(({ caller, sessionId }) => !holds(callers, caller, sessionId));
      for (const { end } of unwanted) end("credential");
      return unwanted.length;
    },
    endAll() {
      for (const { end } of open) end("handover");
    },
  };
}

/** What is answered to a request that was ended before it had its answer. */
export function endedBy(reason: Reason): Response {
  if (reason === "credential") {
    return refusal(401, CODE.session, "the credential of this request holds no more; sign in again", {
      headers: { "www-authenticate": "Bearer" },
    });
  }
  return refusal(503, CODE.server, "the sidecar hands its log on; send this again", { headers: { "retry-after": "1" } });
}
