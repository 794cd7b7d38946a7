/** How a participant that comes over HTTP is known: it has no connection whose end would say that it has gone. */

/** Begins its instance. */
export const OVER_HTTP = "mcp:";

/** How long it counts as present after its last request, in milliseconds. */
export const PRESENT_MS = 15 * 60_000;
