import { describe, expect, it } from "vitest";
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
