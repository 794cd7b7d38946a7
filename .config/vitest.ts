import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** A file for the totals of this run, as JSON; `.ci/run` sets it and adds them up. */
const report = process.env["TEST_REPORT"];

export default defineConfig({
  test: {
    // On two processors the default is one worker; most files here wait for a disk, a process or a socket.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    projects: [
      { test: { name: "unit", root: ".", include: ["src/**/*.test.ts", "bench/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 } },
      {
        test: {
          name: "smoke",
          root: ".",
          include: ["smoke/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
