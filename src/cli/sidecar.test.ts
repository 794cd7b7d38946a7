import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { readDiscovery } from "../git/discovery-file.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { readStartError } from "../git/start-error.ts";
import { loadSqliteDriver } from "../store/sqlite-driver.ts";
import { VERSION } from "../version.ts";
import { EXIT } from "./exit-codes.ts";
import { eventually, healthOf, sidecarHere, signalbox, start, startedSidecar, storeOf } from "./program.test.fixture.ts";

describe("a sidecar that runs", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("tells its clients on %s, takes its files away and ends with code 0", async (signal) => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await startedSidecar(scratch, repo);
    const store = await storeOf(scratch, repo);
    const socket = new WebSocket((await healthOf(scratch, repo))?.uri ?? "");
    await once(socket, "open");
    const closed = once(socket, "close");

    sidecar.kill(signal);
    const [code] = (await closed) as [number];
    const ended = await sidecar.ended;

    expect(code).toBe(1012);
    expect(ended).toMatchObject({ code: 0, stdout: "" });
    expect(ended.stderr).toContain("sidecar is up");
    expect(await readDiscovery(store, scratch.env)).toBeUndefined();
  });

  it("goes on when the terminal of somebody else closes", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await startedSidecar(scratch, repo);

    sidecar.kill("SIGHUP");
    const before = await healthOf(scratch, repo);
    sidecar.kill("SIGTERM");

    expect(before?.pid).toBe(sidecar.pid);
    expect((await sidecar.ended).code).toBe(0);
  });

  it("keeps a second one from starting, which names it and leaves no word for bridges", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using first = await startedSidecar(scratch, repo);

    const second = await signalbox(scratch, "sidecar", "--workspace", repo);

    const { port } = new URL((await healthOf(scratch, repo))?.uri ?? "");
    expect(second).toMatchObject({ code: EXIT.held, stdout: "" });
    expect(second.stderr).toMatch(/^signalbox: already running: [^\n]+\n$/);
    expect(second.stderr).toContain(`process ${first.pid} `);
    expect(second.stderr).toContain(`:${port}/`);
    expect(await readStartError((await storeOf(scratch, repo)).folder)).toBeUndefined();
  });

  it("is what five that start at once end with", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const started = Array.from({ length: 5 }, () => start(scratch, "signalbox", ["sidecar", "--workspace", repo]));

    const { pid } = await eventually(() => healthOf(scratch, repo));
    const others = await Promise.all(started.filter((one) => one.pid !== pid).map(({ ended }) => ended));
    const still = await healthOf(scratch, repo);
    for (const one of started) await one[Symbol.asyncDispose]();

    expect(others.map(({ code }) => code)).toEqual([7, 7, 7, 7]);
    for (const { stderr } of others) expect(stderr).toContain(`process ${pid} `);
    expect(still?.pid).toBe(pid);
  });
});

describe("a sidecar that cannot start", () => {
  it("because its log is corrupt says so, leaves the repair for bridges and the log as it was", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const store = await storeOf(scratch, repo);
    await writeFile(store.logPath, "no database");

    const ended = await signalbox(scratch, "sidecar", "--workspace", repo);

    expect(ended).toMatchObject({ code: EXIT.corrupt, stdout: "" });
    expect(ended.stderr).toMatch(/^signalbox: the log [^\n]+ is corrupt[^\n]+set-aside[^\n]+\n$/);
    expect(await readStartError(store.folder)).toMatchObject({
      code: "store/corrupt",
      sentence: expect.stringContaining(store.logPath) as string,
      command: `signalbox store set-aside --workspace ${repo}`,
    });
    expect(await readFile(store.logPath, "utf8")).toBe("no database");
  });

  it("because a newer release wrote its log names that release", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const { folder, logPath } = await storeOf(scratch, repo);
    await (await sidecarHere(repo))[Symbol.asyncDispose]();
    const writtenBy = join(folder, "written-by.json");
    const own = JSON.parse(await readFile(writtenBy, "utf8")) as unknown;
    const log = (await loadSqliteDriver()).open(logPath, "write");
    const format = log.prepare<{ user_version: number }>("PRAGMA user_version").get()?.user_version ?? 0;
    log.exec(`PRAGMA user_version = ${format + 1}`);
    log.close();
    await writeFile(writtenBy, '{"version":"9.9.9"}');

    const ended = await signalbox(scratch, "sidecar", "--workspace", repo);

    expect(own).toEqual({ version: VERSION });
    expect(ended.code).toBe(EXIT.tooNew);
    expect(ended.stderr).toMatch(/^signalbox: the log [^\n]+ has format \d+ [^\n]+; run `npm install --global signalbox@9\.9\.9`\n$/);
  });

  it("because the port that it was given is taken says so, and another start takes the word away", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const store = await storeOf(scratch, repo);
    const stranger = createServer().listen(0, "127.0.0.1");
    await once(stranger, "listening");
    const port = String((stranger.address() as AddressInfo).port);

    const ended = await signalbox(scratch, "sidecar", "--workspace", repo, "--port", port);
    const left = await readStartError(store.folder);
    stranger.close();
    await using _next = await startedSidecar(scratch, repo);

    expect(ended.code).toBe(EXIT.portTaken);
    expect(ended.stderr).toMatch(new RegExp(`^signalbox: port ${port} is taken [^\\n]+\\n$`));
    expect(left).toMatchObject({ code: "sidecar/port-taken" });
    expect(await readStartError(store.folder)).toBeUndefined();
  });

  it("because a setting is wrong says what a right one is, and leaves that for bridges", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");

    const ended = await signalbox(scratch, "sidecar", "--workspace", repo, "--idle-minutes", "soon");

    expect(ended.code).toBe(EXIT.usage);
    expect(await readStartError((await storeOf(scratch, repo)).folder)).toMatchObject({ code: "config/invalid" });
  });

  it("because there is no such folder says so", async () => {
    await using scratch = await scratchFolder();

    const ended = await signalbox(scratch, "sidecar", "--workspace", `${scratch.folder}/nowhere`);

    expect(ended).toMatchObject({ code: EXIT.noWorkspace, stdout: "" });
    expect(ended.stderr).toMatch(/^signalbox: [^\n]+nowhere[^\n]+\n$/);
  });
});

it("ends when its store is removed under it, and the next one begins anew", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using first = await startedSidecar(scratch, repo);
  const before = await healthOf(scratch, repo);

  await rm(join(repo, ".git", "signalbox"), { recursive: true, maxRetries: 5 });
  const { code, stderr } = await first.ended;
  await using _ = await startedSidecar(scratch, repo);

  expect(code).toBe(0);
  expect(stderr).toContain("the store was removed or replaced");
  expect((await healthOf(scratch, repo))?.store_id).not.toBe(before?.store_id);
});
