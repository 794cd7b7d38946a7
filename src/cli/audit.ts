/** `signalbox audit verify`: whether the log is what was written, judged in this process by its bytes alone. */
import { Command } from "commander";
import { judgeLog, type StreamReport } from "../app/kept-log.ts";
import { auditDocument, auditLines } from "./audit-lines.ts";
import { logPlaceOf, openLogOf, STORE_OPTION } from "./audit-log.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { WORKSPACE_OPTION } from "./place.ts";
import { progressOf } from "./progress.ts";
import { paintFor } from "./terminal.ts";

interface VerifyFlags {
  readonly workspace?: string;
  readonly store?: string;
  readonly session?: string;
  readonly json?: boolean;
}

export function auditCommand(): Command {
  return new Command("audit").addCommand(
    new Command("verify")
      .description("Check the log's hash chain from its first record to its last, and every file content that it names.")
      .option(...WORKSPACE_OPTION)
      .option(...STORE_OPTION)
      .option("--session <id>", "check this session alone; all of the log without it")
      .option("--json", "one JSON document")
      .addHelpText(
        "after",
        `\nExit code 0 when the log is whole, ${EXIT.corrupt} when it is not what was written, ${EXIT.tooNew} when a newer release wrote it,\n` +
          `${EXIT.storeOutOfReach} when there is none; others as of every command. Nothing is written, and nobody has to stop working.`,
      )
      .action(verify),
  );
}

async function verify({ session, json, ...where }: VerifyFlags): Promise<void> {
  using interrupt = listenForInterrupt("interrupted before the log was read; nothing is known of it");
  const place = await logPlaceOf(where);
  await using opened = await openLogOf(place, session);
  using progress = progressOf("records checked");
  const reports = await judgeLog(opened.log, (read, total) => {
    interrupt.signal.throwIfAborted();
    progress.at(read, total);
  });

  const { sidecar } = opened;
  const what = { workspaceDir: place.main, sidecar, logPath: place.store.logPath, reports };
  const text = json === true ? JSON.stringify(auditDocument(what)) : auditLines(what, paintFor(process.stdout, process.env)).join("\n");
  process.stdout.write(`${text}\n`);
  process.exitCode = exitOf(reports);
}

function exitOf(reports: readonly StreamReport[]): number {
  const [flaw] = reports.flatMap(({ flaw: found }) => found ?? []);
  return flaw === undefined ? EXIT.ok : exitCodeOf(flaw.code);
}
