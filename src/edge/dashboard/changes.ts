/**
 * That something was committed, for a page that then reads the state anew: the newest revision of each part, told once.
 *
 * A page that is slow, or hidden, is told of the last of many records and not of each: it wants what is, not what was.
 */
import type { StreamHost } from "../../engine/stream-host.ts";
import type { DashboardPart } from "../../wire/dashboard.ts";
import type { Revision } from "../../wire/record.ts";

export type Followed = Pick<StreamHost<unknown, never, never>, "revision" | "subscribe">;

export interface Change {
  readonly part: DashboardPart;
  readonly revision: Revision;
}

/** Where each part stands, then each newer revision, until `signal` fires or the iteration is left. */
export async function* changes(
  parts: Readonly<Record<DashboardPart, Followed>>,
  signal: AbortSignal,
): AsyncGenerator<Change, void, undefined> {
  const told = new Map<DashboardPart, Revision>();
  let wake: () => void = () => undefined;
  const onNews = (): void => wake();
  const hearings = Object.values(parts).map((host) => host.subscribe(onNews));
  signal.addEventListener("abort", onNews);
  try {
    while (!signal.aborted) {
      const news = new Promise<void>((resolve) => (wake = resolve));
      let isCurrent = true;
      for (const [part, { revision }] of Object.entries(parts) as [DashboardPart, Followed][]) {
        if (told.get(part) === revision) continue;
        told.set(part, revision);
        isCurrent = false;
        yield { part, revision };
      }
      if (isCurrent) await news;
    }
  } finally {
    signal.removeEventListener("abort", onNews);
    for (const hearing of hearings) hearing[Symbol.dispose]();
  }
}
