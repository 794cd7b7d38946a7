/**
 * What a signature of RFC 9421 goes over: the parts of the request that it covers, as the RFC writes them, and what of a request
 * has to be covered so that none of it can be exchanged.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { type InnerList, readDictionary, writeInnerList } from "./structured-fields.ts";

/** A request as whoever signed it saw it. */
export interface Signed {
  readonly method: string;
  /** Under the name that the public knows, also behind a proxy. */
  readonly target: URL;
  readonly headers: Headers;
  /** `to come`: it is not read yet, and is looked at by itself. */
  readonly body: Uint8Array | "to come";
}

/** The names of the parts that a signature covers; undefined when one is asked for in a way that is not known here. */
export function coveredBy({ items }: InnerList): readonly string[] | undefined {
  const names = items.flatMap(({ value, parameters }) => (typeof value === "string" && parameters.size === 0 ? [value] : []));
  return names.length === items.length && new Set(names).size === names.length ? names : undefined;
}

/** What has to be covered and is not: of several ways one, as a sentence has it. */
export function missingIn(covered: readonly string[], { target, headers, body }: Signed): readonly string[] {
  const has = (name: string): boolean => covered.includes(name);
  const missing = [
    "@method",
    ...(body === "to come" || body.length > 0 ? ["content-digest"] : []),
    ...(headers.has(SESSION) ? [SESSION] : []),
  ];
  const parts = ["@authority", "@path", ...(target.search === "" ? [] : ["@query"])];
  return [...missing.filter((name) => !has(name)), ...(has("@target-uri") || parts.every(has) ? [] : ["@target-uri"])];
}

const SESSION = "mcp-session-id";

/** The text that is signed; undefined when a part that it covers is not there, or is none of a request. */
export function baseOf(input: InnerList, covered: readonly string[], signed: Signed): string | undefined {
  const lines: string[] = [];
  for (const name of covered) {
    const value = name.startsWith("@") ? derived(name, signed) : fieldOf(name, signed.headers);
    if (value === undefined) return undefined;
    lines.push(`"${name}": ${value}`);
  }
  return [...lines, `"@signature-params": ${writeInnerList(input)}`].join("\n");
}

function derived(name: string, { method, target }: Signed): string | undefined {
  switch (name) {
    case "@method":
      return method;
    case "@target-uri":
      return target.href;
    case "@authority":
      return target.host;
    case "@scheme":
      return target.protocol.replace(/:$/, "");
    case "@request-target":
      return `${target.pathname}${target.search}`;
    case "@path":
      return target.pathname;
    case "@query":
      return target.search === "" ? "?" : target.search;
    default:
      return undefined;
  }
}

/** Several lines of one field stand behind each other already, as the RFC has it. */
function fieldOf(name: string, headers: Headers): string | undefined {
  return /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) ? (headers.get(name) ?? undefined) : undefined;
}

/** What RFC 9530 has for digests that are to withstand somebody, and as Node calls it. */
const ALGORITHMS = { "sha-256": "sha256", "sha-512": "sha512" } as const;

/** Whether `Content-Digest` (RFC 9530), by whichever of these it has, is of these very bytes; a request without a body needs none. */
export function isDigestRight({ headers, body }: { readonly headers: Headers; readonly body: Uint8Array }): boolean {
  const field = headers.get("content-digest");
  if (field === null) return body.length === 0;
  const digests = readDictionary(field);
  return Object.entries(ALGORITHMS).some(([name, algorithm]) => {
    const digest = digests?.get(name);
    return digest !== undefined && "value" in digest && isOf(digest.value, createHash(algorithm).update(body).digest());
  });
}

function isOf(given: unknown, wanted: Uint8Array): boolean {
  return given instanceof Uint8Array && given.length === wanted.length && timingSafeEqual(given, wanted);
}
