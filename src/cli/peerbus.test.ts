/** `peerbus` and `signalbox broker` as processes: what units and images of the original's users start. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { VERSION } from "../version.ts";
import { type Ended, eventually, type Launched, start } from "./program.test.fixture.ts";

const ROOT = join(import.meta.dirname, "../..");
const SETTINGS = { PEERBUS_TOKENS: " one , two ", PEERBUS_HMAC_SECRET: "0123456789abcdef0123456789abcdef", PEERBUS_LISTEN: "127.0.0.1:0" };

function launch(
  scratch: Scratch,
  program: "peerbus" | "signalbox",
  args: readonly string[],
  env: Record<string, string> = SETTINGS,
): Launched {
  return start({ ...scratch, env: { ...scratch.env, ...env } }, program, args);
}

async function peerbus(args: readonly string[], env?: Record<string, string>): Promise<Ended> {
  await using scratch = await scratchFolder();
  await using launched = launch(scratch, "peerbus", args, env);
  return await launched.ended;
}

const portIn = (text: string): string | undefined => /127\.0\.0\.1:(\d+)/.exec(text)?.[1];

async function register(port: string, name: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/any/path?at=all`);
  await once(socket, "open");
  socket.send(JSON.stringify({ protocol_version: "v1", type: "register", token: "two", name }));
  await once(socket, "message");
  return socket;
}

describe("peerbus", () => {
  it.each<{ args: string[]; env?: Record<string, string>; gives: Partial<Ended> }>([
    { args: ["--version"], gives: { code: 0, stdout: `peerbus ${VERSION}\n`, stderr: "" } },
    { args: ["serve", "-version"], gives: { code: 0, stdout: `peerbus ${VERSION}\n`, stderr: "" } },
    { args: ["adapter", "--version"], gives: { code: 0, stdout: `peerbus ${VERSION}\n`, stderr: "" } },
    { args: ["help"], gives: { code: 0, stdout: expect.stringMatching(/^usage: peerbus/) as string } },
    { args: [], gives: { code: 2, stdout: "", stderr: expect.stringMatching(/^peerbus: a subcommand is required\nusage/) as string } },
    { args: ["sing"], gives: { code: 2, stderr: expect.stringMatching(/^peerbus: unknown command "sing"\nusage/) as string } },
    { args: ["serve", "--no"], gives: { code: 2, stdout: "" } },
    { args: ["serve"], env: {}, gives: { code: 2, stderr: "peerbus: broker config: at least one bearer token is required\n" } },
    {
      args: ["serve"],
      env: { ...SETTINGS, PEERBUS_HMAC_SECRET: "short" },
      gives: { code: 2, stderr: "peerbus: broker config: hmac: secret must be at least 32 bytes\n" },
    },
    { args: ["audit"], gives: { code: 2, stderr: "usage: peerbus audit verify [--db PATH]\n" } },
    {
      args: ["audit", "verify", "--db", "/nowhere/peerbus.db"],
      gives: { code: 2, stderr: 'peerbus: open store "/nowhere/peerbus.db": no such file\n' },
    },
    { args: ["adapter", "--adapter=no"], gives: { code: 2 } },
  ])("$args: $gives.code", async ({ args, env, gives }) => {
    expect(await peerbus(args, env)).toMatchObject(gives);
  });

  it("serves until it is asked to end, tells its peers, and has a log that can be judged while it runs and afterwards", async () => {
    await using scratch = await scratchFolder();
    const db = join(scratch.folder, "peerbus.db");
    await using broker = launch(scratch, "peerbus", ["serve", "--db", "overruled.db"], { ...SETTINGS, PEERBUS_DB: db });
    const port = await eventually(async () => portIn(broker.stdout()));
    const ana = await register(port, "ana");
    const closed = once(ana, "close") as Promise<[number, Buffer]>;
    const judge = async (args: string[]): Promise<Ended> => {
      await using audit = launch(scratch, "peerbus", ["audit", ...args]);
      return await audit.ended;
    };

    const running = await judge(["verify", "--db", db]);
    broker.kill("SIGTERM");
    const [code, reason] = await closed;
    const ended = await broker.ended;
    const afterwards = await judge(["--db", db, "verify"]);

    expect(running).toMatchObject({ code: 0, stdout: "audit chain OK\n" });
    expect([code, reason.toString()]).toEqual([1001, "server shutting down"]);
    expect(ended).toMatchObject({ code: 0, stdout: `peerbus: serving on 127.0.0.1:${port}\npeerbus: shut down cleanly\n` });
    expect(afterwards).toMatchObject({ code: 0, stdout: "audit chain OK\n" });
    expect((await readdir(scratch.folder)).filter((name) => name.includes("overruled"))).toEqual([]);
  });

  it("ends well also when nobody reads what it says any more", async () => {
    await using scratch = await scratchFolder();
    await using broker = launch(scratch, "peerbus", ["serve", "--db", join(scratch.folder, "peerbus.db")]);
    await eventually(async () => portIn(broker.stdout()));

    broker.stopReading();
    broker.kill("SIGTERM");

    expect(await broker.ended).toMatchObject({ code: 0 });
  });

  it("says of a log that is not what was written that it is broken", async () => {
    await using scratch = await scratchFolder();
    const db = join(scratch.folder, "peerbus.db");
    await using broker = launch(scratch, "peerbus", ["serve", "--db", db]);
    (await register(await eventually(async () => portIn(broker.stdout())), "ana")).terminate();
    broker.kill("SIGTERM");
    await broker.ended;
    const bytes = await readFile(db);
    await writeFile(db, Buffer.from(bytes.toString("latin1").replace('"name":"ana"', '"name":"bob"'), "latin1"));

    await using audit = launch(scratch, "peerbus", ["audit", "verify", "--db", db]);

    expect(await audit.ended).toMatchObject({ code: 1, stdout: expect.stringMatching(/^audit chain BROKEN: record \d/) as string });
  });

  it.each<{ name: string; address: (taken: string) => string; why: string }>([
    { name: "is taken", address: (taken) => taken, why: "another program does, or it is not allowed" },
    { name: "this machine has not", address: () => "192.0.2.1:47821", why: "listen EADDRNOTAVAIL: address not available 192.0.2.1:47821" },
  ])("says of an address that $name which variable holds it", async ({ address, why }) => {
    await using scratch = await scratchFolder();
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const listen = address(`127.0.0.1:${(other.address() as AddressInfo).port}`);
    const env = { ...SETTINGS, PEERBUS_LISTEN: listen };

    await using broker = launch(scratch, "peerbus", ["serve", "--db", join(scratch.folder, "p.db")], env);
    const ended = await broker.ended;
    other.close();

    const stderr = `peerbus: nothing can listen on ${listen}: ${why}; set PEERBUS_LISTEN to another address\n`;
    expect(ended).toMatchObject({ code: 2, stdout: "", stderr });
  });

  it("takes no file of another program for its log, and leaves it as it is", async () => {
    await using scratch = await scratchFolder();
    const db = join(scratch.folder, "peerbus.db");
    await writeFile(db, "something else entirely");

    await using broker = launch(scratch, "peerbus", ["serve", "--db", db]);

    expect(await broker.ended).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/^peerbus: .*peerbus\.db/m) as string });
    expect(await readFile(db, "utf8")).toBe("something else entirely");
  });
});

it("is started by the script for s6 with what stands in its file of variables, and ended by the signal that s6 sends", async () => {
  await using scratch = await scratchFolder();
  const bin = join(scratch.folder, "bin");
  await mkdir(bin);
  const program = `#!/bin/sh\nexec ${process.execPath} --import tsx ${join(ROOT, "bin/peerbus.ts")} "$@"\n`;
  await writeFile(join(bin, "peerbus"), program, { mode: 0o755 });
  await writeFile(join(bin, "s6-setuidgid"), '#!/bin/sh\nshift\nexec "$@"\n', { mode: 0o755 });
  const file = join(scratch.folder, "broker.env");
  const lines = Object.entries({ ...SETTINGS, PEERBUS_TOKENS: "one", PEERBUS_DB: join(scratch.folder, "peerbus.db") });
  await writeFile(file, lines.map(([name, value]) => `${name}=${value}\n`).join(""));
  const env = { ...scratch.env, PEERBUS_ENV_FILE: file, PATH: `${bin}:${process.env["PATH"]}` };

  const child = spawn("sh", [join(ROOT, "deploy/peerbus-broker.run")], { cwd: ROOT, env });
  const ended = once(child, "close") as Promise<[number]>;
  let said = "";
  child.stdout.on("data", (data: Buffer) => (said += data.toString()));
  await eventually(() => /^peerbus: serving on 127\.0\.0\.1:\d+\n/m.exec(said)?.[0]);
  child.kill("SIGTERM");

  expect((await ended)[0]).toBe(0);
});

describe("signalbox broker", () => {
  it("says where it is, keeps what waits over kill -9, and answers what is no WebSocket as the original does", async () => {
    await using scratch = await scratchFolder();
    const db = join(scratch.folder, "bus", "peerbus.db");
    const begin = async () => {
      const broker = launch(scratch, "signalbox", ["broker", "--db", db]);
      return { broker, port: await eventually(async () => portIn(broker.stdout())) };
    };
    const first = await begin();
    const [ana, bo] = [await register(first.port, "ana"), await register(first.port, "bo")];
    bo.terminate();
    const letter = { protocol_version: "v1", id: "1", from: "ana", to: "bo", ts: "", source: "", kind: "msg", body: "kept", hmac: "" };
    ana.send(JSON.stringify(letter));
    ana.send('{"type":"peers"}');
    await once(ana, "message");
    first.broker.kill("SIGKILL");
    await first.broker.ended;

    const second = await begin();
    await using _broker = second.broker;
    const back = new WebSocket(`ws://127.0.0.1:${second.port}`);
    const brought: string[] = [];
    back.on("message", (data: Buffer) => brought.push(data.toString()));
    await once(back, "open");
    back.send(JSON.stringify({ protocol_version: "v1", type: "register", token: "two", name: "bo" }));
    await eventually(async () => brought[1]);
    const plain = await fetch(`http://127.0.0.1:${second.port}/anything`);

    expect(first.broker.stdout()).toMatch(
      /^Peers' broker at 127\.0\.0\.1:\d+, log in .*peerbus\.db\. Ctrl-C ends it; what waits stays\.\n$/,
    );
    expect(brought[1]).toContain('"body":"kept"');
    expect([plain.status, plain.headers.get("content-type")]).toEqual([426, expect.stringContaining("text/plain")]);
  });

  it("says what to do about a setting that is missing", async () => {
    await using scratch = await scratchFolder();
    await using broker = launch(scratch, "signalbox", ["broker"], { PEERBUS_TOKENS: "," });

    expect(await broker.ended).toMatchObject({
      code: 2,
      stderr: "signalbox: broker config: at least one bearer token is required; set PEERBUS_TOKENS to a list with commas between\n",
    });
  });
});
