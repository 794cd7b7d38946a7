/** `signalbox store`: what a person does to a log that no sidecar can open. */
import { Command } from "commander";
import type { StoreFolder } from "../git/store-folder.ts";
import { judgeLog, openStoredLog, setLogAside } from "../app/kept-log.ts";
import { logPlaceOf, STORE_OPTION } from "./audit-log.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { CommandFault, told } from "./fault.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { WORKSPACE_OPTION } from "./place.ts";
import { progressOf } from "./progress.ts";
import { findRunning } from "./running.ts";
import { silent } from "./silent.ts";

interface SetAsideFlags {
  readonly workspace?: string;
  readonly store?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function storeCommand(): Command {
  return new Command("store").addCommand(
    new Command("set-aside")
      .description("Rename a corrupt log, so that the next sidecar begins a new one. Nothing is deleted.")
      .option(...WORKSPACE_OPTION)
      .option(...STORE_OPTION)
      .option("-y, --yes", "do it to a log that is whole, or that nobody here can judge, as well")
      .option("--json", "one JSON document")
      .action(setAsideLog),
  );
}

async function setAsideLog({ yes, json, ...where }: SetAsideFlags): Promise<void> {
  const { main, store } = await logPlaceOf(where);
  const running = await findRunning(store, process.env);
  if (running.kind === "silent") throw silent(running);
  if (running.kind === "running") {
    const { pid } = running.sidecar.health;
    throw new CommandFault(
      "store/held",
      `process ${pid} serves ${main} from this log; stop it first (of a repository by \`signalbox stop\`), if it is to be set aside`,
    );
  }
  if (yes !== true && !(await isDamaged(store))) {
    const sentence = `the log ${store.logPath} is whole, and the session that stands in it would be gone for all who work here: --yes sets it aside nevertheless`;
    throw new CommandFault("store/whole", sentence);
  }

  const path = await setLogAside(store);
  if (json === true) process.stdout.write(`${JSON.stringify({ workspace_dir: main, set_aside: path })}\n`);
  else {
    process.stdout.write(
      `The log is now ${path}.\n` +
        "The next sidecar begins an empty session: tasks, operations and conflicts of the old one are known to it no more.\n" +
        "Files in the worktrees are as they were. Keep the renamed log if you want to look into it, or delete it.\n",
    );
  }
}

/**
 * Whether it is not what was written to it. What a newer release has written is, although this one cannot read it.
 *
 * @throws what keeps this machine or this release from judging it
 */
async function isDamaged(store: StoreFolder): Promise<boolean> {
  const isDamage = (code: string): boolean => exitCodeOf(code) === EXIT.corrupt;
  try {
    using interrupt = listenForInterrupt("interrupted before the log was read; it is where it was");
    using progress = progressOf("records checked");
    await using log = await openStoredLog(store);
    const reports = await judgeLog(log, (read, total) => {
      interrupt.signal.throwIfAborted();
      progress.at(read, total);
    });
    return reports.some(({ flaw }) => flaw !== undefined && isDamage(flaw.code));
  } catch (fault) {
    if (isDamage(told(fault).code)) return true;
    throw fault;
  }
}
