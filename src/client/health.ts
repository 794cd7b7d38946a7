/**
 * Whether a sidecar answers at an address, and which one: the body of `/healthz` decides, never the status.
 */
import { get } from "node:http";
import { Health } from "../wire/health.ts";

/** Milliseconds that an answer may take: on the same machine it takes a few. */
const LIMIT_MS = 1_000;

/** A body of more bytes is not a sidecar's. */
const MAX_BYTES = 65_536;

export interface HealthQuestion {
  readonly limitMs?: number;
  /** Ends the wait; the answer is then undefined. */
  readonly signal?: AbortSignal | undefined;
  /** Of the discovery file that names this address. */
  readonly token?: string | undefined;
}

/** What the sidecar at the address says of itself, or undefined for silence, a stranger, and anything malformed. */
export async function askHealth(
  host: string,
  port: number,
  { limitMs = LIMIT_MS, signal, token }: HealthQuestion = {},
): Promise<Health | undefined> {
  const limit = AbortSignal.timeout(limitMs);
  const ends = signal === undefined ? limit : AbortSignal.any([limit, signal]);
  const body = await fetchBody(host, port, ends, token).catch(() => undefined);
  if (body === undefined) return undefined;
  try {
    return Health.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

function fetchBody(host: string, port: number, signal: AbortSignal, token: string | undefined): Promise<string | undefined> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const request = get({ host: bare(host), port, path: "/healthz", agent: false, headers, signal }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) response.destroy(new Error("the body is too long"));
        else chunks.push(chunk);
      });
      response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

/** An IPv6 address as the resolver wants it. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}

/** The address as it stands in a URL. */
export function authority(host: string, port: number): string {
  return bare(host).includes(":") ? `[${bare(host)}]:${port}` : `${host}:${port}`;
}
