import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OwnedElsewhere } from "../git/owned-elsewhere.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { readStartError } from "../git/start-error.ts";
import { CommandFault } from "./fault.ts";
import { sidecarHere, storeOf } from "./program.test.fixture.ts";
import { startFailure } from "./start-failure.ts";

const held = new CommandFault("store/held", "another process owns the log");

describe("a log that is owned", () => {
  it("by a sidecar that answers is no failure to leave behind", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const store = await storeOf(scratch, repo);
    await using sidecar = await sidecarHere(repo);

    const told = await startFailure(held, { store, main: repo }, 0);

    expect(told).toMatchObject({ code: "store/held", message: `already running: process ${process.pid} serves ${repo} at ${sidecar.uri}` });
    expect(await readStartError(store.folder)).toBeUndefined();
  });

  it("by something that does not answer is left for bridges, with where to look", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("it's a repo");
    const store = await storeOf(scratch, repo);

    const told = await startFailure(held, { store, main: repo }, 0);

    expect(told.message).toContain(`another process owns the log, and no sidecar of ${repo} answers`);
    expect(await readStartError(store.folder)).toMatchObject({
      code: "store/held",
      command: `signalbox doctor --workspace '${repo.replace("'", String.raw`'\''`)}'`,
    });
  });
});

describe("a log that is owned elsewhere", () => {
  const elsewhere = new OwnedElsewhere({ boot_id: "b", host_name: "container", pid: 77, renewed_at: new Date().toISOString() });

  it("by a sidecar that answers here all the same is no failure to leave behind", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const store = await storeOf(scratch, repo);
    await using sidecar = await sidecarHere(repo);

    const told = await startFailure(elsewhere, { store, main: repo });

    expect(told).toMatchObject({ code: "store/held", message: expect.stringContaining(`at ${sidecar.uri}`) as string });
    expect(await readStartError(store.folder)).toBeUndefined();
  });

  it("is left for bridges with the one sentence, also when the lock was met first", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const store = await storeOf(scratch, repo);
    await writeFile(join(store.folder, "owner.json"), JSON.stringify(elsewhere.owner));

    const told = [await startFailure(elsewhere, { store, main: repo }), await startFailure(held, { store, main: repo })];

    for (const one of told) expect(one).toMatchObject({ code: "store/owned-elsewhere", message: elsewhere.message });
    expect(await readStartError(store.folder)).toMatchObject({ code: "store/owned-elsewhere", sentence: elsewhere.message });
  });
});

it.each([
  { text: '{"version":"9.9.9"}', version: "9.9.9" },
  { text: '{"version":"10.0.0-rc.1","more":1}', version: "10.0.0-rc.1" },
  { text: '{"version":"9.9.9; rm -rf /"}', version: "latest" },
  { text: "", version: "latest" },
])("names $version to install where that wrote a log that is too new", async ({ text, version }) => {
  await using scratch = await scratchFolder();
  const repo = await scratch.repository("repo");
  const store = await storeOf(scratch, repo);
  await writeFile(join(store.folder, "written-by.json"), text);

  const told = await startFailure(new CommandFault("log/too-new", "the log is too new"), { store, main: repo });

  expect(told.message).toBe(`the log is too new; run \`npm install --global signalbox@${version}\``);
  expect(await readStartError(store.folder)).toMatchObject({ command: `npm install --global signalbox@${version}` });
});

it("tells a fault without a place, a code or a reason in a sentence all the same", async () => {
  const faults = [new Error("line one\n  line two"), new Error(""), "thrown", undefined];

  const told = await Promise.all(faults.map((fault) => startFailure(fault, undefined)));

  expect(told.map(({ code, message }) => [code, message])).toEqual([
    ["unknown", "line one line two"],
    ["unknown", "Error"],
    ["unknown", "thrown"],
    ["unknown", "undefined"],
  ]);
});
