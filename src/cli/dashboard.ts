/**
 * `signalbox dashboard`: prints an address that opens the panel of a repository's session, once; of a session elsewhere, where
 * its panel is. No program is started with the address, because others may read the arguments of a program.
 */
import { Command } from "commander";
import { askControl } from "../client/control.ts";
import { CommandFault } from "./fault.ts";
import { placeOf, remoteOf, WORKSPACE_OPTION } from "./place.ts";
import { findRunning } from "./running.ts";
import { silent } from "./silent.ts";

/** Milliseconds that the sidecar has for its answer. */
const ANSWER_MS = 5_000;

interface DashboardFlags {
  readonly workspace?: string;
  readonly json?: boolean;
}

export function dashboardCommand(): Command {
  return new Command("dashboard")
    .option(...WORKSPACE_OPTION)
    .option("--json", "one JSON document")
    .addHelpText(
      "after",
      "\nThe address works once, within two minutes; each run prints another. The page it opens works as long as the sidecar runs.",
    )
    .action(async ({ workspace, json }: DashboardFlags) => {
      const print = (url: string) => void process.stdout.write(`${json === true ? JSON.stringify({ url }) : url}\n`);
      const remote = remoteOf(process.env);
      if (remote !== undefined) return print(pageOf(remote.uri));

      const { main, store } = await placeOf(workspace);
      const running = await findRunning(store, process.env);
      if (running.kind === "silent") throw silent(running);
      if (running.kind === "none") {
        const start = "start a coding client there, or `signalbox sidecar`, and run this again";
        throw new CommandFault("sidecar/no-answer", `no sidecar runs for ${main}, so there is nothing to show: ${start}`);
      }
      const { discovery } = running;
      if (discovery === undefined) {
        throw new CommandFault("sidecar/no-token", `the sidecar of ${main} has left no discovery file here; ask again when it has come up`);
      }
      const { host, port, token } = discovery;
      const answer = await askControl({ host, port, token, path: "/control/dashboard", body: {}, limitMs: ANSWER_MS });
      const path = (answer?.body as { readonly path?: unknown } | undefined)?.path;
      if (answer?.status !== 200 || typeof path !== "string") {
        throw new CommandFault(
          "sidecar/no-answer",
          `the sidecar of ${main} offers no panel; stop it with \`signalbox stop\`, and the next one does`,
        );
      }
      print(`http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`);
    });
}

/** The page of a session elsewhere, which asks for a token itself. */
function pageOf(uri: string): string {
  const url = new URL(uri);
  url.protocol = url.protocol === "wss:" ? "https:" : "http:";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}
