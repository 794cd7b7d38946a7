/** A client that signs its requests, written from the RFC and not from what checks them. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export interface SignedWith {
  readonly key: KeyObject;
  readonly keyId: string;
  readonly created: number;
  readonly covers?: readonly string[];
  /** Behind `created` and `keyid`, as they stand in the header. */
  readonly more?: string;
  readonly label?: string;
}

export function newKey(): { readonly key: KeyObject; readonly x: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return { key: privateKey, x: publicKey.export({ format: "jwk" }).x ?? "" };
}

export const digestOf = (body: string | Uint8Array): string => `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;

const USUAL = ["@method", "@target-uri", "content-digest"];

/** The headers of a request that is signed. */
export function signed(
  request: { readonly method: string; readonly url: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
  { key, keyId, created, covers, more = "", label = "sig1" }: SignedWith,
): Record<string, string> {
  const { method, url, body = "" } = request;
  const headers: Record<string, string> = { ...request.headers, ...(body === "" ? {} : { "content-digest": digestOf(body) }) };
  const names = covers ?? [...USUAL.filter((name) => name !== "content-digest" || body !== ""), ...Object.keys(request.headers ?? {})];
  const { host, pathname, search, href } = new URL(url);
  const parts: Readonly<Record<string, string>> = {
    "@method": method,
    "@target-uri": href,
    "@authority": host,
    "@path": pathname,
    "@query": search === "" ? "?" : search,
    ...headers,
  };
  const input = `(${names.map((name) => `"${name}"`).join(" ")});created=${created};keyid="${keyId}"${more}`;
  const base = [...names.map((name) => `"${name}": ${parts[name]}`), `"@signature-params": ${input}`].join("\n");
  const signature = sign(null, Buffer.from(base), key).toString("base64");
  return { ...headers, "signature-input": `${label}=${input}`, signature: `${label}=:${signature}:` };
}
