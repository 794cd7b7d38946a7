import { expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { eventually, healthOf, startedSidecar, strangerProcess } from "./program.test.fixture.ts";
import { isSidecar, isSidecarOn } from "./sidecar-process.ts";

it.skipIf(process.platform !== "linux")("tells a sidecar and its port from whatever else runs", async () => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  await using sidecar = await startedSidecar(scratch, repo);
  await using stranger = await strangerProcess();
  const { uri } = await eventually(() => healthOf(scratch, repo));

  const seen = [isSidecar(sidecar.pid), isSidecarOn(sidecar.pid, Number(new URL(uri).port))];
  const unseen = [
    isSidecarOn(sidecar.pid, stranger.port),
    isSidecarOn(stranger.pid, stranger.port),
    isSidecar(process.pid),
    isSidecar(2 ** 30),
  ];

  expect(await Promise.all(seen)).toEqual([true, true]);
  expect(await Promise.all(unseen)).toEqual([false, false, false, false]);
});
