/**
 * Requests and streams that are open: sent away when their credential is given out no more or has run out, and ended before a
 * handover.
 *
 * What is called may be done already when a handover comes, and not be answered yet: told to send that again, a client would do it
 * twice. So calls have a moment to be answered, and only those that are still under way then, because they wait, are ended.
 */
import { type Clock, systemClock } from "../../engine/clock.ts";
import { CODE, refusal } from "./errors.ts";
import type { Caller, Callers } from "./ports.ts";

export type Reason = "credential" | "handover";

export interface Stay {
  readonly caller: Caller;
  readonly sessionId: string;
  /** Whether something is done in it, and not only said. */
  readonly isCall: boolean;
  /** Ends it; whoever sees it end may come again. */
  readonly end: (reason: Reason) => void;
}

/** How long calls may take to be answered before a handover, in milliseconds: as much longer it takes where one of them waits. */
const ANSWERS_MS = 500;

export interface Stays {
  readonly size: number;
  /** Whether everything ends, and nothing begins any more. */
  readonly isHeld: boolean;
  /** Until it is disposed of. Ended in this very call when nothing begins any more. */
  add(stay: Stay): Disposable;
  /** Sends away whose credential holds no more, and gives how many those were. */
  dismiss(callers: Pick<Callers, "stillHolds">): number;
  endAll(): void;
  /** Ends streams at once, and calls that are under way still after a moment; resolves then. Whatever comes later is ended as it comes. */
  hold(): Promise<void>;
}

/** Whether it would be let in now by what it showed. */
export function holds(callers: Pick<Callers, "stillHolds">, caller: Caller, sessionId: string): boolean {
  return callers.stillHolds(caller, sessionId) && caller.stands?.() !== false;
}

export function createStays(clock: Pick<Clock, "wallMs" | "after"> = systemClock): Stays {
  const open = new Set<Stay>();
  let isHeld = false;
  let hearLeaving: () => void = () => undefined;

  function endAll(isMeant: (stay: Stay) => boolean = () => true): void {
    for (const stay of open) if (isMeant(stay)) stay.end("handover");
  }

  const callsAreOpen = (): boolean => [...open].some(({ isCall }) => isCall);

  return {
    get size() {
      return open.size;
    },
    get isHeld() {
      return isHeld;
    },
    add(stay) {
      if (isHeld) stay.end("handover");
      open.add(stay);
      const { expiresAtMs } = stay.caller;
      const expiry = expiresAtMs === undefined ? undefined : clock.after(expiresAtMs - clock.wallMs(), () => stay.end("credential"));
      return {
        [Symbol.dispose]() {
          expiry?.[Symbol.dispose]();
          open.delete(stay);
          hearLeaving();
        },
      };
    },
    dismiss(callers) {
      const unwanted = [...open].filter(({ caller, sessionId }) => !holds(callers, caller, sessionId));
      for (const { end } of unwanted) end("credential");
      return unwanted.length;
    },
    endAll,
    async hold() {
      isHeld = true;
      endAll(({ isCall }) => !isCall);
      await new Promise<void>((resolve) => {
        const limit = clock.after(ANSWERS_MS, resolve);
        hearLeaving = () => {
          if (callsAreOpen()) return;
          limit[Symbol.dispose]();
          resolve();
        };
        hearLeaving();
      });
      endAll(({ isCall }) => isCall);
    },
  };
}

export const ENDED: Readonly<Record<Reason, string>> = {
  credential: "the credential of this request holds no more; sign in again",
  handover: "the sidecar hands its log on; send this again",
};

/** What is answered to a request that was ended before it had its answer. */
export function endedBy(reason: Reason): Response {
  if (reason === "credential") return refusal(401, CODE.session, ENDED.credential, { headers: { "www-authenticate": "Bearer" } });
  return refusal(503, CODE.server, ENDED.handover, {
    headers: { "retry-after": "1", connection: "close" }, // its connection ends with this process
  });
}
