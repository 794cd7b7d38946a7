/** `signalbox status`: who works in a repository, as its sidecar or the coordinator elsewhere tells it. None is started for that. */
import { Command } from "commander";
import { remoteBus } from "../client/bus-settings.ts";
import type { SummaryAnswer } from "../wire/query.ts";
import { askRemoteSummary, askSummary } from "./ask-summary.ts";
import { addressOf } from "./board-bus.ts";
import { busFacts } from "./bus-facts.ts";
import { placeOf, remoteOf, WORKSPACE_OPTION } from "./place.ts";
import { findRunning } from "./running.ts";
import { silent } from "./silent.ts";
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
        const { bus, ...rest } = sidecar;
        if (json === true) print(JSON.stringify({ running: true, sidecar: rest, ...session, ...(bus === undefined ? {} : { bus }) }));
        else print(statusLines(summary, sidecar, Date.now(), paintFor(process.stdout, process.env)).join("\n"));
      };
      const remote = remoteOf(process.env);
      if (remote !== undefined) {
        const bus = await busFacts({ base: remoteBus(remote), token: remote.token });
        return show(await askRemoteSummary(remote), { uri: remote.uri, bus });
      }

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
      const [summary, bus] = await Promise.all([askSummary(sidecar), busFacts(addressOf(sidecar))]);
      show(summary, { pid, version, uri: sidecar.uri, status, bus });
    });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
