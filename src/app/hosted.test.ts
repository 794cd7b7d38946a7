import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { startHosted } from "./hosted.ts";
import { readHostedConfig, type SidecarFlags } from "../config.ts";
import { hostedStore } from "../git/hosted-store.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { createLog } from "../log.ts";
import { RECORD_FORMAT } from "../wire/record.ts";
import { CONTROL } from "../wire/versions.ts";

const TABLE = JSON.stringify({
  "ana-token": { allowed_sessions: ["red"], roles: ["owner"] },
  "bo-token": { allowed_sessions: ["blue", "a%20b"], roles: ["contributor"] },
  "cy-token": { allowed_sessions: ["red"], roles: ["contributor"] },
});

type Frame = Readonly<Record<string, unknown>> & { readonly payload: Readonly<Record<string, unknown>> };

async function hosted(store: string, env: Record<string, string> = { MPAC_TOKEN_TABLE: TABLE }, flags: SidecarFlags = {}) {
  const config = readHostedConfig({ multiSession: true, port: "0", store, ...flags }, env);
  const sidecar = await startHosted(config, await hostedStore(config.store), createLog("silent"));
  return {
    sidecar,
    /** A HELLO under `principal` over a connection of its own, and what it is answered. */
    async join(path: string, principal: string, token?: string) {
      const socket = new WebSocket(`ws://127.0.0.1:${sidecar.port}${path}`);
      const frames: Frame[] = [];
      let arrived: () => void = () => undefined;
      socket.on("message", (data: Buffer) => {
        frames.push(JSON.parse(data.toString()) as Frame);
        arrived();
      });
      const next = async (): Promise<Frame> => {
        for (let frame = frames.shift(); ; frame = frames.shift()) {
          if (frame !== undefined) return frame;
          await new Promise<void>((resolve) => (arrived = resolve));
        }
      };
      let sent = 0;
      const send = (type: string, payload: object): void => {
        const sender = { principal_id: principal, principal_type: "agent", sender_instance_id: `${principal}:1` };
        const message_id = `${principal}-${Date.now()}-${(sent += 1)}`;
        socket.send(JSON.stringify({ message_type: type, message_id, sender, ts: new Date().toISOString(), payload }));
      };
      await once(socket, "open");
      send("HELLO", token === undefined ? {} : { credential: { type: "bearer_token", value: token } });
      return { socket, answer: await next(), send, next };
    },
    [Symbol.asyncDispose]: () => sidecar[Symbol.asyncDispose](),
  };
}

describe("a hosted sidecar", () => {
  it("keeps its sessions apart: each hears its own, and a token opens those that it names", async () => {
    await using scratch = await scratchFolder();
    await using served = await hosted(join(scratch.folder, "store"));

    const ana = await served.join("/session/red", "ana", "ana-token");
    const bo = await served.join("/session/blue", "bo", "bo-token");
    const across = await served.join("/session/red", "bo", "bo-token");
    ana.send("INTENT_ANNOUNCE", { intent_id: "secret-work", scope: { kind: "file_set", resources: ["a"] } });
    await ana.next();
    bo.send("INTENT_ANNOUNCE", { intent_id: "bo-work", scope: { kind: "file_set", resources: ["a"] } });

    expect(ana.answer.payload).toMatchObject({ session_id: "red", granted_roles: ["owner"], security_profile: "authenticated" });
    expect(across.answer.payload).toMatchObject({ error_code: "CREDENTIAL_REJECTED" });
    expect((await bo.next()).payload).toMatchObject({ intent_id: "bo-work" });
  });

  it.each([
    { path: "/", closes: 4004 },
    { path: "/session", closes: 4004 },
    { path: "/session/", closes: 4004 },
    { path: "/other/red", closes: 4004 },
    { path: `/session/${"x".repeat(300)}`, closes: 4004 },
  ])("shakes hands at $path and says that no session is there", async ({ path, closes }) => {
    await using scratch = await scratchFolder();
    await using served = await hosted(join(scratch.folder, "store"));
    const socket = new WebSocket(`ws://127.0.0.1:${served.sidecar.port}${path}`);
    const closed = once(socket, "close");
    await once(socket, "open");

    expect((await closed)[0]).toBe(closes);
  });

  it.each([
    { path: "/session/red?x=1", session: "red", token: "ana-token" },
    { path: "/session/red/more", session: "red", token: "ana-token" },
    { path: "/session/a%20b", session: "a%20b", token: "bo-token" },
  ])("takes the session of $path as it stands there", async ({ path, session, token }) => {
    await using scratch = await scratchFolder();
    await using served = await hosted(join(scratch.folder, "store"));

    expect((await served.join(path, "ana", token)).answer.payload).toMatchObject({ session_id: session });
  });

  it("opens no session for who may not enter one", async () => {
    await using scratch = await scratchFolder();
    const folder = join(scratch.folder, "store");
    {
      await using served = await hosted(folder);
      await served.join("/session/green", "ana", "ana-token");
      await served.join("/session/green", "ana");
    }

    expect(await bytesOf(folder)).not.toContain("green");
  });

  it("remembers over its end whose a name is, and keeps no token anywhere", async () => {
    await using scratch = await scratchFolder();
    const folder = join(scratch.folder, "store");
    {
      await using served = await hosted(folder);
      await served.join("/session/red", "ana", "ana-token");
    }
    await using served = await hosted(folder);

    const thief = await served.join("/session/red", "ana", "cy-token");
    const back = await served.join("/session/red", "ana", "ana-token");
    const bytes = await bytesOf(folder);

    expect(thief.answer.payload).toMatchObject({ error_code: "AUTHORIZATION_FAILED" });
    expect(back.answer["message_type"]).toBe("SESSION_INFO");
    expect(bytes).toContain("ParticipantJoined");
    expect(bytes).not.toMatch(/(ana|bo|cy)-token/);
  });

  it("answers to any name where tokens keep strangers out, to its own else, and to no page", async () => {
    await using scratch = await scratchFolder();
    await using authenticated = await hosted(join(scratch.folder, "a"));
    await using open = await hosted(join(scratch.folder, "b"), {});
    const status = (port: number, headers: Record<string, string>) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/session/red`, { headers });
        socket.on("error", () => resolve("refused")).on("open", () => resolve("taken"));
      });
    const name = { host: "coordinator.example" };

    expect(await status(authenticated.sidecar.port, name)).toBe("taken");
    expect(await status(open.sidecar.port, name)).toBe("refused");
    expect(await status(authenticated.sidecar.port, { ...name, origin: "https://coordinator.example" })).toBe("refused");
  });

  it("tells strangers whether it can write, and whoever reads its discovery file the rest", async () => {
    await using scratch = await scratchFolder();
    const store = join(scratch.folder, "store");
    await using served = await hosted(store);
    const { token } = JSON.parse(await readFile(join(store, "sidecar.json"), "utf8")) as { token: string };
    const ask = async (headers: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>> => {
      const answer = await fetch(`http://127.0.0.1:${served.sidecar.port}/healthz`, { headers });
      return (await answer.json()) as Readonly<Record<string, unknown>>;
    };

    const strangers = [await ask({}), await ask({ authorization: "Bearer ana-token" })];

    for (const told of strangers) expect(Object.keys(told)).toEqual(["status", "version", "control", "durability"]);
    expect(await ask({ authorization: `Bearer ${token}` })).toMatchObject({ status: "ok", pid: process.pid });
  });

  it("goes by the table as its file is read again, and sends away who is in it no more", async () => {
    await using scratch = await scratchFolder();
    const file = join(scratch.folder, "tokens.json");
    await writeFile(file, TABLE);
    await using served = await hosted(join(scratch.folder, "store"), { MPAC_TOKEN_TABLE_FILE: file });
    const ana = await served.join("/session/red", "ana", "ana-token");
    const cy = await served.join("/session/red", "cy", "cy-token");
    const gone = once(cy.socket, "close");
    const bus = `http://127.0.0.1:${served.sidecar.port}/session/red/api/bus`;
    const events = await fetch(`${bus}/events`, { headers: { authorization: "Bearer cy-token" } });
    await writeFile(file, "{");
    await expect(served.sidecar.renew()).rejects.toThrow(/tokens\.json, .* cannot be used: it is not JSON/);
    await writeFile(
      file,
      JSON.stringify({ "ana-token": { allowed_sessions: ["red"] }, "dee-token": { allowed_sessions: ["red"], roles: ["owner"] } }),
    );

    expect(await served.sidecar.renew()).toBe(2);

    expect((await gone)[0]).toBe(1008);
    expect(await events.text()).toBe(": connected\n\n");
    expect(ana.socket.readyState).toBe(WebSocket.OPEN);
    const answers = [await served.join("/session/red", "dee", "dee-token"), await served.join("/session/red", "cy", "cy-token")];
    expect(answers.map(({ answer }) => answer.payload["error_code"])).toEqual([undefined, "CREDENTIAL_REJECTED"]);
  });

  it.each([
    { env: { MPAC_TOKEN_TABLE: TABLE, MPAC_TOKEN_TABLE_FILE: "/x" }, says: /set one of them/ },
    { env: { MPAC_TOKEN_TABLE_FILE: "/nowhere/tokens.json" }, says: /\/nowhere\/tokens\.json, which cannot be read \(ENOENT\)/ },
  ])("does not start with a table that $says", ({ env, says }) => {
    expect(() => readHostedConfig({ multiSession: true }, env)).toThrow(says);
  });

  it("is open without a table, for this machine", async () => {
    await using scratch = await scratchFolder();
    await using served = await hosted(join(scratch.folder, "store"), {});

    const { answer } = await served.join("/session/red", "ana");

    expect(answer.payload).toMatchObject({ session_id: "red", security_profile: "open" });
  });

  it.each([
    { name: "leaves its sessions to the next process", policy: {}, hears: [], afterwards: "SESSION_INFO" },
    {
      name: "ends its sessions first where their policy says so",
      policy: { lifecycle: { close_on_shutdown: true } },
      hears: ["coordinator_shutdown"],
      afterwards: "PROTOCOL_ERROR",
    },
  ])("when it stops, $name", async ({ policy, hears, afterwards }) => {
    await using scratch = await scratchFolder();
    const folder = join(scratch.folder, "store");
    const env = { MPAC_TOKEN_TABLE: TABLE, MPAC_SESSION_POLICY: JSON.stringify(policy) };
    const first = await hosted(folder, env);
    const ana = await first.join("/session/red", "ana", "ana-token");
    const heard: Frame[] = [];
    ana.socket.on("message", (data: Buffer) => heard.push(JSON.parse(data.toString()) as Frame));
    const closed = once(ana.socket, "close");

    await first[Symbol.asyncDispose]();

    expect((await closed)[0]).toBe(1012);
    const ends = heard.filter(({ message_type }) => message_type === "SESSION_CLOSE");
    expect(ends.map(({ payload }) => payload["reason"])).toEqual(hears);
    await using next = await hosted(folder, env);
    const { answer } = await next.join("/session/red", "ana", "ana-token");
    expect(answer["message_type"]).toBe(afterwards);
  });

  it("ends no session that another process takes over, whatever its policy says", async () => {
    await using scratch = await scratchFolder();
    const folder = join(scratch.folder, "store");
    const env = { MPAC_TOKEN_TABLE: TABLE, MPAC_SESSION_POLICY: '{"lifecycle":{"close_on_shutdown":true}}' };
    const first = await hosted(folder, env);
    await first.join("/session/red", "ana", "ana-token");
    const { token } = JSON.parse(await readFile(join(folder, "sidecar.json"), "utf8")) as { token: string };
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = JSON.stringify({ control: CONTROL + 1, format: RECORD_FORMAT, version: "9.9.9" });

    const { status } = await fetch(`http://127.0.0.1:${first.sidecar.port}/control/handover`, { method: "POST", headers, body });
    await first[Symbol.asyncDispose]();
    await using next = await hosted(folder, env);
    const { answer } = await next.join("/session/red", "ana", "ana-token");

    expect([status, answer["message_type"]]).toEqual([200, "SESSION_INFO"]);
  });

  it("keeps one process from the log of another", async () => {
    await using scratch = await scratchFolder();
    const folder = join(scratch.folder, "store");
    await using _first = await hosted(folder);

    await expect(hosted(folder)).rejects.toMatchObject({ code: "store/held" });
  });

  it("says when a certificate is none", async () => {
    await using scratch = await scratchFolder();
    const file = join(scratch.folder, "c.pem");
    await writeFile(file, "no certificate");
    const flags = { tls: true, tlsCert: file, tlsKey: file };

    await expect(hosted(join(scratch.folder, "store"), {}, flags)).rejects.toMatchObject({ code: "config/invalid" });
  });

  it("says which file of a certificate cannot be read", async () => {
    await using scratch = await scratchFolder();
    const flags = { tls: true, tlsCert: "/nowhere/c.pem", tlsKey: "/nowhere/k.pem" };

    await expect(hosted(join(scratch.folder, "store"), {}, flags)).rejects.toThrow(/--tls-cert names \/nowhere\/c\.pem/);
  });
});

async function bytesOf(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true });
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "latin1").catch(() => "")));
  return texts.join("\n");
}
