/**
 * Who may speak HTTP to a sidecar: programs, and pages of this machine; no page from elsewhere.
 *
 * A browser sends `Origin` and lets a foreign page choose the name it connects to (DNS rebinding), so both `Host` and
 * `Origin` are checked on every method and every upgrade. A program that sends no `Origin` passes.
 */
import type { IncomingMessage } from "node:http";

export interface GuardOptions {
  /** The address that the sidecar listens on, besides the loopback names. */
  readonly host: string;
  readonly port: number;
  /** Further origins (`SIGNALBOX_ALLOWED_ORIGINS`): scheme, host and port. */
  readonly allowedOrigins: readonly string[];
  /** Whether it answers to any name, as one does that wants a token of everybody. */
  readonly anyHost?: boolean;
  /** Whether a page may reach it that comes from the host it is reached by. */
  readonly sameOrigin?: boolean;
}

const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** The sentence to refuse with, or undefined when the request may pass. */
export function barredBy(request: Pick<IncomingMessage, "headers">, options: GuardOptions): string | undefined {
  const { host, origin } = request.headers;
  if (options.anyHost !== true && !isOwnHost(host, options))
    return "the Host header names another machine; connect to 127.0.0.1 or localhost";
  const isFromHost = options.sameOrigin === true && host !== undefined && hostOf(origin) === host.toLowerCase();
  if (origin !== undefined && !isFromHost && !isOwnOrigin(origin, options))
    return "this origin may not reach the sidecar; allow it by SIGNALBOX_ALLOWED_ORIGINS";
  return undefined;
}

function isOwnHost(host: string | undefined, options: GuardOptions): boolean {
  if (host === undefined) return false;
  const name = host.toLowerCase().replace(/:\d+$/, "");
  return LOOPBACK_NAMES.includes(name) || name === options.host.toLowerCase();
}

/** As it stands in a Host header; undefined for what is no origin. */
function hostOf(origin: string | undefined): string | undefined {
  return origin === undefined ? undefined : /^[a-z][a-z0-9+.-]*:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase();
}

function isOwnOrigin(origin: string, { port, allowedOrigins }: GuardOptions): boolean {
  const own = ["http://localhost", "http://127.0.0.1"].flatMap((base) => [base, `${base}:${port}`]);
  return own.includes(origin) || allowedOrigins.includes(origin);
}
