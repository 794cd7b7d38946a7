/** How a test waits for what it does not cause itself. */
import { setTimeout as pause } from "node:timers/promises";

/** Looks until there is something to see. The test's own time limit ends a wait for nothing. */
export async function eventually<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(20);
  }
}
