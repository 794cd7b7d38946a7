/** `signalbox doctor`: whether everything is there that a session needs, and what to do about what is not. */
import { Command } from "commander";
import { readRemote } from "../client/remote.ts";
import {
  checkGit,
  checkLastStart,
  checkLogFile,
  checkNode,
  checkOwner,
  checkPort,
  checkStoreFolder,
  checkVersions,
  checkWorkspace,
} from "./doctor/checks.ts";
import { checkClaude } from "./doctor/guard.ts";
import { checkMcp } from "./doctor/mcp.ts";
import { checkRemote } from "./doctor/remote.ts";
import { fail, type Row } from "./doctor/row.ts";
import { EXIT } from "./exit-codes.ts";
import { told } from "./fault.ts";
import { type CommandPlace, placeOf, WORKSPACE_OPTION } from "./place.ts";
import { withProgress } from "./progress.ts";
import { findRunning, type Running } from "./running.ts";
import { type Paint, paintFor } from "./terminal.ts";

interface DoctorFlags {
  readonly workspace?: string;
  readonly json?: boolean;
}

export function doctorCommand(): Command {
  return new Command("doctor")
    .option(...WORKSPACE_OPTION)
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExit code 0 when nothing failed, else 1.")
    .action(async ({ workspace, json }: DoctorFlags) => {
      const paint = paintFor(process.stdout, process.env);
      const rows: Row[] = [];
      for await (const row of examine(workspace)) {
        rows.push(row);
        if (json !== true) process.stdout.write(`${lineOf(row, paint)}\n`);
      }
      const failed = rows.filter(({ state }) => state === "fail").length;
      if (json === true) process.stdout.write(`${JSON.stringify({ ok: failed === 0, rows })}\n`);
      if (failed > 0) process.exitCode = EXIT.failed;
    });
}

/** Every finding, as it is made: what comes after the workspace needs one. */
async function* examine(flag: string | undefined): AsyncGenerator<Row> {
  yield checkNode();
  yield await checkGit(process.cwd());
  let place: CommandPlace;
  try {
    place = await withProgress("asking git for the workspace", placeOf(flag));
  } catch (cause) {
    const { code, sentence } = told(cause);
    yield fail(code.startsWith("store/") ? "store" : "workspace", sentence);
    return;
  }
  yield checkWorkspace(place);
  const remote = readRemote(process.env, "");
  if (remote !== undefined) return yield* checkRemote(remote, place, flag);
  yield await checkStoreFolder(place);
  let running: Running;
  try {
    running = await withProgress("looking for the sidecar", findRunning(place.store, process.env));
  } catch (cause) {
    yield fail("owner", told(cause).sentence);
    return;
  }
  yield await checkOwner(running);
  yield await checkPort(place, running);
  const log = await withProgress("reading the log", checkLogFile(place, running));
  yield log;
  yield checkVersions(running);
  const lastStart = await checkLastStart(place, running);
  if (lastStart !== undefined) yield lastStart;
  const mayBeOurs = running.kind === "silent" && running.suspect !== undefined;
  if (log.state === "fail" || mayBeOurs) return;
  yield* await checkMcp(place, flag, running);
  yield* await checkClaude(place, running);
}

const MARKS = { ok: ["green", "ok  "], warn: ["yellow", "warn"], fail: ["red", "FAIL"] } as const;

/** Width of the longest name of a check. */
const NAME_WIDTH = 10;

function lineOf({ check, state, found, todo }: Row, paint: Paint): string {
  const [style, mark] = MARKS[state];
  const line = `${paint(style, mark)}  ${check.padEnd(NAME_WIDTH)}  ${found}`;
  return todo === undefined ? line : `${line}\n${" ".repeat(NAME_WIDTH + 8)}${paint("bold", "→")} ${todo}`;
}
