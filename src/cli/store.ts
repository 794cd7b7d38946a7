/** `signalbox store`: what a person does to a log that no sidecar can open. */
import { Command } from "commander";
import { setLogAside } from "../app.ts";
import { CommandFault } from "./fault.ts";
import { placeOf, WORKSPACE_OPTION } from "./place.ts";
import { findRunning } from "./running.ts";
import { silent } from "./silent.ts";

interface SetAsideFlags {
  readonly workspace?: string;
  readonly json?: boolean;
}

export function storeCommand(): Command {
  return new Command("store").addCommand(
    new Command("set-aside")
      .description("Rename a corrupt log, so that the next sidecar begins a new one. Nothing is deleted.")
      .option(...WORKSPACE_OPTION)
      .option("--json", "one JSON document")
      .action(setAsideLog),
  );
}

async function setAsideLog({ workspace, json }: SetAsideFlags): Promise<void> {
  const { main, store } = await placeOf(workspace);
  const running = await findRunning(store, process.env);
  if (running.kind === "silent") throw silent(running);
  if (running.kind === "running") {
    const { pid } = running.sidecar.health;
    throw new CommandFault("store/held", `process ${pid} serves ${main} from this log; \`signalbox stop\` first, if it is to be set aside`);
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
