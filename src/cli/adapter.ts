/**
 * `signalbox adapter`: a coding client's seat on a peer bus, as an MCP server on the standard streams.
 *
 * It is what `peerbus adapter` is, so its remarks on stderr begin as that one's do.
 */
import { Command } from "commander";
import { runAdapter } from "../adapter/run.ts";
import { MODES, readAdapterSettings } from "../adapter/settings.ts";
import { VERSION } from "../version.ts";
import { EXIT } from "./exit-codes.ts";

export function adapterCommand(): Command {
  return new Command("adapter")
    .option("--adapter <mode>", `${MODES.join(" or ")}: pushed into Claude Code, or read by bus.drain`)
    .option("--version", "print the version")
    .addHelpText(
      "after",
      "\nThe broker stands in the environment: PEERBUS_URL, PEERBUS_TOKEN, PEERBUS_HMAC_SECRET, PEERBUS_NAME (see docs/peers.md).",
    )
    .action(async ({ adapter, version }: { readonly adapter?: string; readonly version?: true }) => {
      if (version === true) return void process.stdout.write(`peerbus ${VERSION}\n`);
      const settings = readAdapterSettings(adapter, process.env);
      if ("refused" in settings) {
        report(settings.refused);
        process.exitCode = EXIT.usage;
        return;
      }
      const stop = new AbortController();
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
      process.exitCode = await runAdapter(settings, { input: process.stdin, output: process.stdout, report, signal: stop.signal });
    });
}

/** On one line: a broker's words are among them. */
function report(line: string): void {
  process.stderr.write(`peerbus: ${line.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")}\n`);
}
