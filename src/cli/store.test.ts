import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { hostedStore } from "../git/hosted-store.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { readStartError } from "../git/start-error.ts";
import { loadSqliteDriver } from "../store/sqlite-driver.ts";
import { EXIT } from "./exit-codes.ts";
import { sidecarHere, signalbox, startedSidecar, storeOf } from "./program.test.fixture.ts";

it("renames a corrupt log, after which a sidecar starts", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  const store = await storeOf(scratch, repo);
  await writeFile(store.logPath, "no database");
  const { code } = await signalbox(scratch, "sidecar", "--workspace", repo);
  expect([code, await readStartError(store.folder)]).toMatchObject([EXIT.corrupt, { code: "store/corrupt" }]);

  const aside = await signalbox(scratch, "store", "set-aside", "--json", "--workspace", repo);
  expect(await readStartError(store.folder)).toBeUndefined();
  const names = await readdir(store.folder);
  await using _sidecar = await startedSidecar(scratch, repo);

  const { set_aside: path } = JSON.parse(aside.stdout) as { set_aside: string };
  expect(aside).toMatchObject({ code: 0, stderr: "" });
  expect(basename(path)).toMatch(/^log\.db\.corrupt-\d{8}T\d{6}Z$/);
  expect(await readFile(path, "utf8")).toBe("no database");
  expect(names).not.toContain("log.db");
});

it("leaves a whole log where it is, unless it is told to move that one", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  {
    await using _sidecar = await startedSidecar(scratch, repo);
  }

  const refused = await signalbox(scratch, "store", "set-aside", "--workspace", repo);
  const kept = await readdir((await storeOf(scratch, repo)).folder);
  const told = await signalbox(scratch, "store", "set-aside", "--yes", "--workspace", repo);

  expect(refused).toMatchObject({ code: EXIT.failed, stdout: "" });
  expect(refused.stderr).toMatch(/^signalbox: the log [^\n]+ is whole[^\n]+: --yes sets it aside nevertheless\n$/);
  expect(kept).toContain("log.db");
  expect(told).toMatchObject({ code: 0, stderr: "" });
  expect(await readdir((await storeOf(scratch, repo)).folder)).not.toContain("log.db");
});

it("leaves the log of a newer release where it is, unless it is told to move that one", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await (await sidecarHere(repo))[Symbol.asyncDispose]();
  const { folder, logPath } = await storeOf(scratch, repo);
  const log = (await loadSqliteDriver()).open(logPath, "write");
  log.exec("PRAGMA user_version = 99");
  log.close();

  const refused = await signalbox(scratch, "store", "set-aside", "--workspace", repo);
  const kept = await readdir(folder);
  const told = await signalbox(scratch, "store", "set-aside", "--yes", "--workspace", repo);

  expect(refused).toMatchObject({ code: EXIT.tooNew, stdout: "" });
  expect(refused.stderr).toMatch(/^signalbox: the log [^\n]+ has format 99 [^\n]+\n$/);
  expect(kept).toContain("log.db");
  expect(told).toMatchObject({ code: 0, stderr: "" });
  expect(await readdir(folder)).not.toContain("log.db");
});

it("leaves a log alone that a sidecar owns", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using _sidecar = await sidecarHere(repo);

  const aside = await signalbox(scratch, "store", "set-aside", "--workspace", repo);

  expect(aside).toMatchObject({ code: EXIT.held, stdout: "" });
  expect(aside.stderr).toContain(`process ${process.pid} `);
  expect(aside.stderr).toContain("signalbox stop");
  expect(await readdir((await storeOf(scratch, repo)).folder)).toContain("log.db");
});

it("renames the corrupt log of a hosted sidecar, which its folder names", async () => {
  await using scratch = await scratchFolder();
  const { folder, logPath } = await hostedStore(join(scratch.folder, "hosted"), scratch.env);
  await writeFile(logPath, "no database");

  const aside = await signalbox(scratch, "store", "set-aside", "--store", folder);

  expect(aside).toMatchObject({ code: 0, stderr: "" });
  expect((await readdir(folder)).filter((name) => name.startsWith("log.db"))).toEqual([
    expect.stringMatching(/^log\.db\.corrupt-/) as string,
  ]);
});

it("says so where there is no log", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");

  const aside = await signalbox(scratch, "store", "set-aside", "--workspace", repo);

  expect(aside).toMatchObject({ code: EXIT.storeOutOfReach, stdout: "" });
  expect(aside.stderr).toMatch(/^signalbox: there is no log [^\n]+\n$/);
});
