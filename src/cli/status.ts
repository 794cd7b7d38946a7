/** `signalbox status`: who works in a repository, as its sidecar or the coordinator elsewhere tells it. None is started for that. */
import { Command } from "commander";
import type { SummaryAnswer } from "../wire/query.ts";
import { askRemoteSummary, askSummary } from "./ask-summary.ts";
import { CommandFault } from "./fault.ts";
import { placeOf, remoteOf, WORKSPACE_OPTION } from "./place.ts";
import { findRunning, type Silent } from "./running.ts";
import { type ShownSidecar, statusLines } from "./status-lines.ts";
import { paintFor } from "./terminal.ts";

interface StatusFlags {
  readonly workspace?: string;
  readonly json?: boolean;
}

export function statusCommand(): Command {
  return new Command("status")
    .option(...WORKSPACE_OPTION)
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExit code 0, also when no sidecar runs; 10 when one does not answer; 3 where no workspace is.")
    .action(async ({ workspace, json }: StatusFlags) => {
      const show = (summary: SummaryAnswer, sidecar: ShownSidecar): void => {
        const { kind: _kind, ...session } = summary;
        if (json === true) print(JSON.stringify({ running: true, sidecar, ...session }));
        else print(statusLines(summary, sidecar, Date.now(), paintFor(process.stdout, process.env)).join("\n"));
      };
      const remote = remoteOf(process.env);
      if (remote !== undefined) return show(await askRemoteSummary(remote), { uri: remote.uri });

      const { main, store } = await placeOf(workspace);
      const running = await findRunning(store, process.env);
      if (running.kind === "silent") throw silent(running);

      if (running.kind === "none") {
        const document = { running: false, workspace_dir: main, session_id: store.identity.session_id };
        print(json === true ? JSON.stringify(document) : `No sidecar runs for ${main}: nobody is working there through Signalbox.`);
        return;
      }
      const { sidecar } = running;
      const { pid, version, status } = sidecar.health;
      show(await askSummary(sidecar), { pid, version, uri: sidecar.uri, status });
    });
}

export function silent({ discovery, suspect }: Silent): CommandFault {
  return new CommandFault("sidecar/no-answer", silence(discovery.port, suspect));
}

function silence(port: number, suspect: Silent["suspect"]): string {
  const stranger = `something listens on port ${port} and does not answer as a sidecar`;
  if (suspect === undefined) return `${stranger}; see which program that is, and ask again when a coding client has started a sidecar`;
  const { pid, seen } = suspect;
  if (!seen) return `${stranger}; wait, or, if process ${pid} is still the sidecar, end that yourself`;
  return `the sidecar of this workspace, process ${pid}, takes connections on port ${port} and does not answer; wait, or end that process yourself`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
