import { expect, it } from "vitest";
import { readDiscovery } from "../git/discovery-file.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { healthOf, signalbox, startedSidecar, storeOf } from "./program.test.fixture.ts";
import { isAlive } from "./running.ts";
import { stopSidecar } from "./stop-sidecar.ts";

it("ends the sidecar of its workspace and no other, and has seen it go", async () => {
  await using scratch = await scratchFolder();
  const [repo, other] = [await scratch.repository("repo"), await scratch.repository("other")];
  await using sidecar = await startedSidecar(scratch, repo);
  await using bystander = await startedSidecar(scratch, other);

  const stopped = await signalbox(scratch, "stop", "--json", "--workspace", repo);
  const ended = await sidecar.ended;

  expect(stopped).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(stopped.stdout)).toEqual({ stopped: true, workspace_dir: repo, pid: sidecar.pid });
  expect(ended.code).toBe(0);
  expect(await healthOf(scratch, repo)).toBeUndefined();
  expect((await healthOf(scratch, other))?.pid).toBe(bystander.pid);
});

it("says so where none runs", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");

  const shown = await signalbox(scratch, "stop", "--workspace", repo);

  expect(shown).toEqual({ code: 0, stdout: `No sidecar runs for ${repo}.\n`, stderr: "" });
});

it("does not end one whose token it does not have", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using sidecar = await startedSidecar(scratch, repo);
  const health = { pid: sidecar.pid, boot_id: (await healthOf(scratch, repo))?.boot_id ?? "" };
  const discovery = await readDiscovery(await storeOf(scratch, repo), scratch.env);
  if (discovery === undefined) throw new Error("it has left no discovery file");

  await expect(stopSidecar(health, undefined)).rejects.toMatchObject({ code: "sidecar/no-token" });
  await expect(stopSidecar(health, { ...discovery, token: "A".repeat(43) })).rejects.toMatchObject({ code: "sidecar/no-token" });

  expect(await isAlive(sidecar.pid)).toBe(true);
});
