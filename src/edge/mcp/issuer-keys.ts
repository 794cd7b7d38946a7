/**
 * The keys that an issuer signs its tokens with, as it publishes them: asked for when they are needed, kept for a while, and never
 * asked for more often than an issuer stands, whatever tokens come and whether it answers or not.
 */
import type { JSONWebKeySet } from "jose";
import type { Log } from "../../log.ts";
import { type IssuerSettings, isLoopbackName } from "../../wire/sign-in.ts";

/** How long keys are taken for the issuer's latest, in milliseconds. */
const FRESH_MS = 600_000;
/** How long they are gone by when the issuer does not answer. */
const STALE_MS = 3_600_000;
/** How long it is not asked again after it was: for a key that it did not have, and when it gave no answer. */
const AGAIN_MS = 30_000;
const RETRY_MS = 5_000;
/** How long its answer is waited for. */
const ANSWER_MS = 5_000;
const MAX_BYTES = 256 * 1024;

export type Found = { readonly keys: JSONWebKeySet } | { readonly silentForMs: number };

export interface IssuerKeys {
  /** @param wish - `newer`: a token names a key that is not among those that are kept */
  find(wish: "any" | "newer"): Promise<Found>;
}

export interface IssuerKeysOptions {
  readonly settings: Pick<IssuerSettings, "issuer" | "jwks">;
  readonly nowMs: () => number;
  readonly log: Pick<Log, "warn">;
}

export function createIssuerKeys({ settings, nowMs, log }: IssuerKeysOptions): IssuerKeys {
  let kept: { readonly keys: JSONWebKeySet; readonly atMs: number } | undefined;
  let silentAtMs = -Infinity;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    try {
      const url = settings.jwks ?? (await keysUrlOf(settings.issuer));
      kept = { keys: keySetIn(await jsonAt(url)), atMs: nowMs() };
    } catch (fault) {
      silentAtMs = nowMs();
      log.warn({ issuer: settings.issuer, error: whyOf(fault) }, "keys of the issuer cannot be read");
    }
  }

  return {
    async find(wish) {
      const ageMs = kept === undefined ? Infinity : nowMs() - kept.atMs;
      const wanted = ageMs > FRESH_MS || (wish === "newer" && ageMs > AGAIN_MS);
      if (wanted && nowMs() - silentAtMs > RETRY_MS) {
        asking ??= ask().finally(() => (asking = undefined));
        await asking;
      }
      if (kept !== undefined && nowMs() - kept.atMs <= STALE_MS) return { keys: kept.keys };
      return { silentForMs: Math.max(1_000, silentAtMs + RETRY_MS - nowMs()) };
    },
  };
}

/** By its metadata, as OAuth (RFC 8414) and OpenID Connect have it. */
async function keysUrlOf(issuer: string): Promise<string> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  let fault: unknown;
  for (const place of new Set(places)) {
    try {
      const { issuer: named, jwks_uri: uri } = (await jsonAt(place)) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
      if (named !== issuer) throw new Error(`${place} is of another issuer`);
      if (typeof uri !== "string" || !mayAsk(uri)) throw new Error(`${place} names no keys at an address that begins with https://`);
      return uri;
    } catch (cause) {
      fault ??= cause;
    }
  }
  throw fault;
}

function mayAsk(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && isLoopbackName(hostname));
}

async function jsonAt(url: string): Promise<unknown> {
  const response = await fetch(url, { headers: { accept: "application/json" }, redirect: "error", signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url} answers ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`${url} gives more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
}

function keySetIn(value: unknown): JSONWebKeySet {
  const keys = (value as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "object" && key !== null)) throw new Error("it gives no set of keys");
  return { keys } as JSONWebKeySet;
}

/** What is behind a fetch that failed says more than that it did. */
function whyOf(fault: unknown): string {
  const { message, cause } = fault as { readonly message?: unknown; readonly cause?: unknown };
  return cause instanceof Error && cause.message !== "" ? `${String(message)}: ${cause.message}` : String(message);
}
