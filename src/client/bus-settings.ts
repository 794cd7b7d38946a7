/** What the environment says of the coordination bus: another one than the sidecar's own, how long it may take, and the secret. */
import type { Remote } from "./remote.ts";

/** Milliseconds that an answer may take when nobody says otherwise. */
const LIMIT_MS = 10_000;

/** The longest time that a timer takes. */
const MOST_MS = 2 ** 31 - 1;

/** Address of another bus. Empty counts as unset. */
export function namedBus(env: NodeJS.ProcessEnv): string | undefined {
  return env["BUS_MCP_BASE_URL"]?.trim().replace(/\/+$/, "") || undefined;
}

/** In milliseconds; a value that is no time counts as unset. */
export function busLimitMs(env: NodeJS.ProcessEnv): number {
  const seconds = Number(env["BUS_MCP_TIMEOUT_S"]?.trim() || Number.NaN);
  return seconds > 0 ? Math.min(Math.ceil(seconds * 1_000), MOST_MS) : LIMIT_MS;
}

/**
 * Read at each call, so that it can be set while a program runs. Empty counts as unset. A header has no space at its ends,
 * and no line break, which a secret from a file ends with.
 */
export function writeSecret(env: NodeJS.ProcessEnv): string | undefined {
  return env["BUS_WRITE_SECRET"]?.trim() || undefined;
}

/** The bus of a sidecar that serves one session, by the address of its WebSocket. */
export function ownBus(uri: string): string {
  const { protocol, host } = new URL(uri);
  return `${protocol === "wss:" ? "https:" : "http:"}//${host}/api/bus`;
}

/** The bus of a session elsewhere. */
export function remoteBus({ uri }: Pick<Remote, "uri">): string {
  return `${uri.replace(/^ws/, "http")}/api/bus`;
}
