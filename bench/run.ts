/**
 * `npm run bench`: measures the built program against its limits, and prints one row for each measurement.
 *
 * `npm run bench -- announce start` makes those alone. The exit code is 0 whatever the figures are, and 1 when the
 * program did not do what was timed: a goal is judged by a person who sees the machine, a wrong result by nobody.
 */
import { parseArgs } from "node:util";
import { launcher } from "../smoke/support/program.ts";
import { scratchFolder } from "../smoke/support/scratch.ts";
import { announce } from "./announce.ts";
import { backlog } from "./backlog.ts";
import { beginTask } from "./begin-task.ts";
import { connections } from "./connections.ts";
import { lookAround } from "./environment.ts";
import { firstCall } from "./first-call.ts";
import { guard } from "./guard.ts";
import { lanes } from "./lanes.ts";
import { mail } from "./mail.ts";
import { manyIntents } from "./many-intents.ts";
import { mcpRead } from "./mcp-read.ts";
import { mcpStreams } from "./mcp-streams.ts";
import { mcpWrite } from "./mcp-write.ts";
import { environmentOf, type Measurement } from "./measurement.ts";
import { BLOCKS } from "./method.ts";
import { participants } from "./participants.ts";
import { reference } from "./reference.ts";
import { asJson, asMarkdown, asTable, cellsOf, type Row } from "./report.ts";
import { sessions } from "./sessions.ts";
import { start } from "./start.ts";
import { apart } from "./support/apart.ts";
import { watcher } from "./watcher.ts";

/** In the order of the table. */
const MEASUREMENTS: readonly Measurement[] = [
  start,
  announce,
  beginTask,
  guard,
  firstCall,
  manyIntents,
  participants,
  sessions,
  connections,
  watcher,
  reference,
  mail,
  backlog,
  lanes,
  mcpRead,
  mcpWrite,
  mcpStreams,
];

/** Blocks of `--quick`, which shows whether something went badly wrong and nothing finer. */
const QUICK_BLOCKS = 5;

async function carryOut(measurement: Measurement, blocks: number, isAnywhere: boolean): Promise<Row> {
  const why = measurement.missing?.();
  if (why !== undefined) return { measurement, outcome: "skipped", why };
  const began = performance.now();
  try {
    await using scratch = await scratchFolder();
    const measure = () => measurement.measure({ blocks, scratch, env: environmentOf(scratch) });
    const measured = await (measurement.isLone === true && !isAnywhere ? apart(measure) : measure());
    return { measurement, outcome: "measured", measured, seconds: Math.round((performance.now() - began) / 1_000) };
  } catch (error) {
    return { measurement, outcome: "wrong", why: error instanceof Error ? error.message : String(error) };
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      anywhere: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
    },
  });
  const unknown = positionals.filter((name) => !MEASUREMENTS.some((measurement) => measurement.name === name));
  if (unknown.length > 0)
    throw new Error(`there is no ${unknown.join(", ")}; there are ${MEASUREMENTS.map(({ name }) => name).join(", ")}`);
  launcher("signalbox"); // says what to run where nothing is built

  const asked = MEASUREMENTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  await using scratch = await scratchFolder();
  const environment = lookAround(scratch.folder);
  const rows: Row[] = [];
  for (const measurement of asked) {
    const row = await carryOut(measurement, values.quick ? QUICK_BLOCKS : BLOCKS, values.anywhere);
    rows.push(row);
    process.stderr.write(`${measurement.name}: ${cellsOf(row).figure} ${cellsOf(row).verdict}\n`);
  }
  const show = values.json ? asJson : values.markdown ? asMarkdown : asTable;
  process.stdout.write(`${show(rows, environment)}\n`);
  return rows.some(({ outcome }) => outcome === "wrong") ? 1 : 0;
}

process.exitCode = await run(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
