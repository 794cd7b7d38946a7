/**
 * Who was heard when: observed, not recorded.
 *
 * Any frame counts, and so does a live socket of a Signalbox client, which says by being open that somebody is there.
 */
export interface Presence {
  /** A frame of this principal arrived. */
  heard(principal: string, nowMs: number): void;
  /** Counts as heard for as long as it is held. */
  hold(principal: string): Disposable;
  /** Everyone counts as heard now: nobody could be since `fromMs`. */
  resume(fromMs: number, nowMs: number): void;
  /** Milliseconds after `ms` in which nothing could be heard or done, because the machine slept. */
  sleptSince(ms: number): number;
  /** When it was last heard; `sinceMs` when nothing is known of it here, because this process began then. */
  lastHeardMs(principal: string, nowMs: number): number;
  /** Its client showed that somebody works: more than that its socket is open. */
  worked(principal: string, nowMs: number): void;
  /** When it last did; undefined when it never has in this process. */
  lastWorkMs(principal: string): number | undefined;
  /** Drops what was heard before; who is held stays heard. */
  forgetBefore(ms: number): void;
}

export function createPresence(sinceMs: number, nowMs: () => number): Presence {
  const heardAtMs = new Map<string, number>();
  const holds = new Map<string, number>();
  const workedAtMs = new Map<string, number>();
  let sleeps: { readonly fromMs: number; readonly toMs: number }[] = [];
  let floorMs = sinceMs;

  return {
    heard(principal, at) {
      heardAtMs.set(principal, at);
    },
    hold(principal) {
      holds.set(principal, (holds.get(principal) ?? 0) + 1);
      let held = true;
      return {
        [Symbol.dispose]() {
          if (!held) return;
          held = false;
          const left = (holds.get(principal) ?? 1) - 1;
          if (left > 0) holds.set(principal, left);
          else holds.delete(principal);
          heardAtMs.set(principal, nowMs());
        },
      };
    },
    resume(fromMs, at) {
      floorMs = at;
      sleeps.push({ fromMs, toMs: at });
    },
    sleptSince: (ms) => sleeps.reduce((sum, { fromMs, toMs }) => sum + Math.max(0, toMs - Math.max(ms, fromMs)), 0),
    lastHeardMs(principal, at) {
      return holds.has(principal) ? at : Math.max(floorMs, heardAtMs.get(principal) ?? floorMs);
    },
    worked(principal, at) {
      heardAtMs.set(principal, at);
      workedAtMs.set(principal, at);
    },
    lastWorkMs: (principal) => workedAtMs.get(principal),
    forgetBefore(ms) {
      sleeps = sleeps.filter(({ toMs }) => toMs >= ms);
      for (const [principal, at] of workedAtMs) if (at < ms) workedAtMs.delete(principal);
      for (const [principal, at] of heardAtMs) if (at < ms) heardAtMs.delete(principal);
    },
  };
}
