/**
 * What a tool wants to know again when the person has answered, on its way through the client: sealed, so that nobody reads or
 * alters it, good for the one call it was made for, by the one caller, for ten minutes, and once.
 *
 * The key lives as long as the process: a question that was open over a restart is asked again.
 */
import type { webcrypto } from "node:crypto";
import type { JsonObject } from "../wire/json.ts";

/** How long a person may take, in milliseconds. */
export const ANSWER_MS = 10 * 60_000;

/** How many that were used are remembered, until they would be too old anyway. */
const MAX_USED = 10_000;

const KEY_BITS = 256;
const NONCE_BYTES = 12;

/** The call that a state belongs to. */
export interface Bound {
  readonly tool: string;
  readonly args: unknown;
  /** Whoever asked, as the transport knows it. */
  readonly caller: string;
}

export interface RequestStates {
  seal(state: JsonObject | undefined, bound: Bound): Promise<string>;
  /** Lets a state in once. Undefined for one that is altered, too old, used, or of another call or caller: nobody is told which. */
  open(sealed: string, bound: Bound): Promise<{ readonly state: JsonObject | undefined } | undefined>;
}

interface Content {
  readonly untilMs: number;
  readonly state?: JsonObject | undefined;
}

export interface RequestStatesOptions {
  readonly nowMs: () => number;
  readonly maxUsed?: number;
}

export function createRequestStates({ nowMs, maxUsed = MAX_USED }: RequestStatesOptions): RequestStates {
  let made: Promise<webcrypto.CryptoKey> | undefined;
  /** By nonce, the first used first: until when each would be good. */
  const used = new Map<string, number>();
  /** Whatever ends until then may be one that is remembered no more. */
  let forgottenUntilMs = -Infinity;

  /** Made with the first question, and so is what makes it: a bridge starts without either. */
  function key(): Promise<webcrypto.CryptoKey> {
    made ??= globalThis.crypto.subtle.generateKey({ name: "AES-GCM", length: KEY_BITS }, false, ["encrypt", "decrypt"]);
    return made;
  }

  function remember(nonce: string, untilMs: number): void {
    used.set(nonce, untilMs);
    for (const [oldest, endsMs] of used) {
      if (endsMs > nowMs() && used.size <= maxUsed) break;
      used.delete(oldest);
      forgottenUntilMs = Math.max(forgottenUntilMs, endsMs);
    }
  }

  return {
    async seal(state, bound) {
      const iv = globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const content: Content = { untilMs: nowMs() + ANSWER_MS, state };
      const text = new TextEncoder().encode(JSON.stringify(content));
      const sealed = await globalThis.crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: additional(bound) }, await key(), text);
      return Buffer.concat([iv, new Uint8Array(sealed)]).toString("base64url");
    },
    async open(sealed, bound) {
      const bytes = new Uint8Array(Buffer.from(sealed, "base64url"));
      const iv = bytes.subarray(0, NONCE_BYTES);
      const opened = await globalThis.crypto.subtle
        .decrypt({ name: "AES-GCM", iv, additionalData: additional(bound) }, await key(), bytes.subarray(NONCE_BYTES))
        .catch(() => undefined);
      if (opened === undefined) return undefined;
      const { untilMs, state } = JSON.parse(new TextDecoder().decode(opened)) as Content;
      const nonce = Buffer.from(iv).toString("hex");
      if (untilMs <= nowMs() || untilMs <= forgottenUntilMs || used.has(nonce)) return undefined;
      remember(nonce, untilMs);
      return { state };
    },
  };
}

/** The same bytes for the same call, in whichever order a client writes the members of its arguments. */
function additional({ tool, args, caller }: Bound): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify([tool, caller, args ?? {}], (_name, value: unknown) => sorted(value)));
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
