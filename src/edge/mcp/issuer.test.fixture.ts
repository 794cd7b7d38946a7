/** An identity provider on this machine: it publishes its metadata and its keys over HTTP, and issues tokens. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

export interface TestIssuer extends AsyncDisposable {
  readonly url: string;
  /** Paths that it was asked for. */
  readonly asked: string[];
  /** What it does instead of answering, while it is set. */
  instead: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Signs with this key from now on, and publishes it beside those before. */
  changeKey(kid: string): Promise<void>;
  /** A token of its, for `claims` and what else a token has. */
  issue(claims: JWTPayload, header?: { readonly kid?: string; readonly alg?: string }): Promise<string>;
}

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

/** @param nowS - what its clock says */
export async function startIssuer({
  nowS,
  path = "",
  metadata = "/.well-known/oauth-authorization-server",
}: {
  nowS: number;
  path?: string;
  metadata?: string;
}): Promise<TestIssuer> {
  const keys: object[] = [];
  let signing: { readonly kid: string; readonly key: PrivateKey } | undefined;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const at = request.url ?? "";
    asked.push(at);
    if (issuer.instead !== undefined) return issuer.instead(request, response);
    const body = at === metadata ? { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` } : at === `${path}/keys` ? { keys } : undefined;
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" }).end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    asked,
    instead: undefined,
    async changeKey(kid) {
      const { publicKey, privateKey } = await generateKeyPair("ES256");
      keys.push({ ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" });
      signing = { kid, key: privateKey };
    },
    issue(claims, { kid = signing?.kid ?? "", alg = "ES256" } = {}) {
      const token = new SignJWT({ iss: issuer.url, sub: "u-1", exp: nowS + 600, ...claims }).setProtectedHeader({ alg, kid });
      return token.sign((signing as { readonly key: PrivateKey }).key);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await issuer.changeKey("first");
  return issuer;
}
