/** Signatures and an issuer's tokens at a hosted sidecar, over its own HTTP: what comes of them in a session and on the disk. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { expect, it } from "vitest";
import { listen, modern, open, post, request, toolCall } from "./mcp.test.fixture.ts";
import { startHosted } from "./hosted.ts";
import { readHostedConfig } from "../config.ts";
import { startIssuer, type TestIssuer } from "../edge/mcp/issuer.test.fixture.ts";
import { newKey, signed } from "../edge/mcp/signing.test.fixture.ts";
import { hostedStore } from "../git/hosted-store.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { createLog } from "../log.ts";

const AT = "https://signalbox.example.org";
const PATH = "/session/red/mcp";
const ana = newKey();
const keysOf = (keys: object) => JSON.stringify(keys);
const KEYS = { "ana-key": { public_key: ana.x, allowed_sessions: ["red"], roles: ["contributor"], holder: "ana" } };
const nowS = () => Math.floor(Date.now() / 1_000);

interface Served extends AsyncDisposable {
  readonly url: string;
  readonly base: string;
  readonly issuer: TestIssuer;
  readonly keysFile: string;
  readonly store: string;
  renew(): Promise<number>;
  /** The headers of a token for the session. */
  bearer(claims?: object): Promise<Record<string, string>>;
}

async function served(): Promise<Served> {
  const scratch = await scratchFolder();
  const issuer = await startIssuer({ nowS: nowS() });
  const [keysFile, store] = [join(scratch.folder, "keys.json"), join(scratch.folder, "store")];
  await writeFile(keysFile, keysOf(KEYS));
  const env = {
    MPAC_TOKEN_TABLE: '{"bo-token":{"allowed_sessions":["red"],"holder":"bo"}}',
    SIGNALBOX_KEY_TABLE_FILE: keysFile,
    SIGNALBOX_PUBLIC_URL: AT,
    SIGNALBOX_ISSUER: issuer.url,
    SIGNALBOX_ISSUER_SESSIONS: "red",
  };
  const sidecar = await startHosted(
    readHostedConfig({ multiSession: true, port: "0" }, env),
    await hostedStore(store),
    createLog("silent"),
  );
  const base = `http://127.0.0.1:${sidecar.port}`;
  return {
    url: `${base}${PATH}`,
    base,
    issuer,
    keysFile,
    store,
    renew: () => sidecar.renew(),
    bearer: async (claims = {}) => ({ authorization: `Bearer ${await issuer.issue({ aud: `${AT}${PATH}`, ...claims })}` }),
    async [Symbol.asyncDispose]() {
      await sidecar[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

let nonces = 0;

/** The headers of `body` signed with ana's key, a second after the sidecar began at the earliest. */
function bySignature(body: unknown, headers: Record<string, string> = {}, method = "POST", path = PATH): Record<string, string> {
  const sent = { method, url: `${AT}${path}`, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return signed(sent, { key: ana.key, keyId: "ana-key", created: nowS() + 1, more: `;nonce="n-${(nonces += 1)}";alg="ed25519"` });
}

it("takes a signed call once, as it was signed", async () => {
  await using at = await served();
  const call = toolCall("begin_task", { objective: "x", files: ["a.ts"] });
  const headers = bySignature(call);

  expect((await post(at.url, { ...call, id: 99 }, headers)).status).toBe(401);
  expect((await post(at.url, call, headers)).body).toMatchObject({ result: { structuredContent: { status: "ok" } } });
  const again = await post(at.url, call, headers);
  expect([again.status, again.body["error"]]).toEqual([401, { code: -32001, message: expect.stringMatching(/taken already/) as string }]);

  const asked = toolCall("who_is_working");
  expect(JSON.stringify((await post(at.url, asked, bySignature(asked))).body)).toMatch(/ana.*a\.ts/);
});

it("reads nothing of what somebody sends who signs with no key that is known", async () => {
  await using at = await served();
  const forged = { ...bySignature(toolCall("who_is_working")), signature: `sig1=:${Buffer.alloc(64).toString("base64")}:` };
  const headers = { "content-type": "application/json", "content-length": "1000000", ...forged };

  const status = await new Promise((resolve) => {
    const sent = httpRequest(at.url, { method: "POST", headers }, (response) => {
      resolve(response.statusCode);
      sent.destroy();
    });
    sent.on("error", () => undefined);
    sent.write("{");
  });

  expect(status).toBe(401);
});

it("signs in at /mcp for the one session of its key", async () => {
  await using at = await served();
  const asked = toolCall("who_is_working");

  expect((await post(`${at.base}/mcp`, asked, bySignature(asked, {}, "POST", "/mcp"))).status).toBe(200);
});

it("leads who has nothing to the issuer, and lets its token read, and write by its scope", async () => {
  await using at = await served();
  const [body, headers] = modern("tools/call", { name: "begin_task", arguments: { objective: "x", files: ["b.ts"] } });
  const [asked, askedHeaders] = modern("tools/call", { name: "who_is_working", arguments: {} });

  const stranger = await post(at.url, body, headers);
  const [, metadata = ""] = /resource_metadata="([^"]+)"/.exec(stranger.headers.get("www-authenticate") ?? "") ?? [];
  expect(stranger.status).toBe(401);
  expect(await (await fetch(metadata.replace(AT, at.base))).json()).toMatchObject({
    resource: `${AT}${PATH}`,
    authorization_servers: [at.issuer.url],
  });

  const reads = await at.bearer({ preferred_username: "cy" });
  expect((await post(at.url, asked, { ...askedHeaders, ...reads })).status).toBe(200);
  const refused = await post(at.url, body, { ...headers, ...reads });
  expect([refused.status, refused.body["id"]]).toEqual([403, body["id"]]);
  expect(refused.headers.get("www-authenticate")).toMatch(/error="insufficient_scope", scope="signalbox:write"/);

  const writes = await at.bearer({ preferred_username: "cy", scope: "signalbox:write" });
  expect((await post(at.url, body, { ...headers, ...writes })).body).toMatchObject({ result: { structuredContent: { status: "ok" } } });
  expect(JSON.stringify((await post(at.url, asked, { ...askedHeaders, ...reads })).body)).toMatch(/cy.*b\.ts/);
});

it("sends away whose key is in the table no more", async () => {
  await using at = await served();
  const begun = request("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } });
  const opened = await open(at.url, begun, bySignature(begun));
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "", "mcp-protocol-version": "2025-11-25" };
  const stream = await listen(at.url, bySignature(undefined, session, "GET"));
  await stream.next();
  await writeFile(at.keysFile, "{");
  await expect(at.renew()).rejects.toThrow(/keys\.json, .* cannot be used: it is not JSON/);
  await writeFile(at.keysFile, keysOf({ "cy-key": { ...KEYS["ana-key"], public_key: newKey().x, holder: "cy" } }));

  expect(await at.renew()).toBeGreaterThan(0);

  expect(await stream.next()).toBeUndefined();
  const ping = request("ping");
  expect((await post(at.url, ping, bySignature(ping, session))).status).toBe(401);
});

it("lets a stream go on for as long as its token is good", async () => {
  await using at = await served();
  const begun = request("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } });
  // Half a minute is for clocks that differ: this one is good for four seconds more.
  const shown = await at.bearer({ exp: nowS() - 26 });
  const opened = await open(at.url, begun, shown);
  const session = { ...shown, "mcp-session-id": opened.headers.get("mcp-session-id") ?? "", "mcp-protocol-version": "2025-11-25" };
  const stream = await listen(at.url, session);
  await stream.next();

  expect(await stream.next()).toBeUndefined();
  expect((await post(at.url, request("ping"), session)).status).toBe(401);
});

it("keeps nothing of what was shown", async () => {
  await using at = await served();
  const call = toolCall("begin_task", { objective: "x", files: ["a.ts"] });
  const headers = bySignature(call);
  const shown = await at.bearer({ scope: "signalbox:write" });
  await post(at.url, call, headers);
  await post(at.url, toolCall("begin_task", { objective: "y", files: ["b.ts"] }), shown);

  const texts = await Promise.all(
    (await readdir(at.store, { recursive: true })).map((name) => readFile(join(at.store, name), "latin1").catch(() => "")),
  );
  const bytes = texts.join("\n");
  expect(bytes).toContain("ParticipantJoined");
  for (const secret of [headers["signature"]?.slice(6, 40) ?? "", shown["authorization"]?.slice(-40) ?? "", ana.x])
    expect(bytes).not.toContain(secret);
});
