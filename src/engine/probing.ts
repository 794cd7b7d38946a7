/** How long an unavailable store stays unavailable: it is asked each second whether it is back. */
import type { EventStore } from "../store/store.ts";
import type { Clock } from "./clock.ts";

/** How often the store is asked, in milliseconds. */
export const PROBE_MS = 1_000;

/** Asks until the store answers and `recover` resolves with true, or until disposed. `recover` does not reject. */
export function probeUntilBack(store: Pick<EventStore, "probe">, clock: Clock, recover: () => Promise<boolean>): Disposable {
  let ended = false;
  let timer: Disposable | undefined;

  async function probe(): Promise<void> {
    const answers = await store.probe().then(
      () => true,
      () => false,
    );
    if (ended) return;
    const isBack = answers && (await recover());
    if (!isBack && !ended) schedule();
  }

  function schedule(): void {
    timer = clock.after(PROBE_MS, () => void probe());
  }
  schedule();

  return {
    [Symbol.dispose]() {
      ended = true;
      timer?.[Symbol.dispose]();
    },
  };
}
