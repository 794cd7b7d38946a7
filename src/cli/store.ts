/** `signalbox store`: what a person does to a log that no sidecar can open. */
import { Command } from "commander";
import { setLogAside } from "../app.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import { judgeLog, openStoredLog } from "../kept-log.ts";
import { CommandFault } from "./fault.ts";
import { placeOf, WORKSPACE_OPTION } from "./place.ts";
import { findRunning } from "./running.ts";
import { silent } from "./silent.ts";

interface SetAsideFlags {
  readonly workspace?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function storeCommand(): Command {
  return new Command("store").addCommand(
    new Command("set-aside")
      .description("Rename a corrupt log, so that the next sidecar begins a new one. Nothing is deleted.")
      .option(...WORKSPACE_OPTION)
      .option("-y, --yes", "do it to a log that is whole as well")
      .option("--json", "one JSON document")
      .action(setAsideLog),
  );
}

async function setAsideLog({ workspace, yes, json }: SetAsideFlags): Promise<void> {
  const { main, store } = await placeOf(workspace);
  const running = await findRunning(store, process.env);
  if (running.kind === "silent") throw silent(running);
  if (running.kind === "running") {
    const { pid } = running.sidecar.health;
    throw new CommandFault("store/held", `process ${pid} serves ${main} from this log; \`signalbox stop\` first, if it is to be set aside`);
  }
  if (yes !== true && (await isWhole(store))) {
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

/** A log that cannot be opened is not, and what is wrong with it is for whoever moves it to say. */
async function isWhole(store: StoreFolder): Promise<boolean> {
  try {
    await using log = await openStoredLog(store);
    return (await judgeLog(log, () => undefined)).every(({ flaw }) => flaw === undefined);
  } catch {
    return false;
  }
}
