import * as fc from "fast-check";
import { expect, it } from "vitest";
import { killRound } from "./kill-round.contract.ts";
import { scratchLogs } from "./scratch-folder.contract.ts";

const ROUNDS = 4;

const newLog = scratchLogs();

it("a process killed while it appends leaves every acknowledged record, in order, whole", async () => {
  const path = await newLog();
  let before = 0;

  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 200 }), async (appends) => {
      const { acknowledged, found } = await killRound(path, appends);

      expect(acknowledged).toBeGreaterThanOrEqual(appends);
      expect(found).toBeGreaterThanOrEqual(before + acknowledged);
      before = found;
    }),
    { numRuns: ROUNDS, endOnFailure: true }, // a failing log is kept from being written to once more
  );
});
