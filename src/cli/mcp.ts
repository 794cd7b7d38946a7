/** `signalbox mcp` for whoever comes through the CLI. The launcher does not: it starts the bridge itself. */
import { Command } from "commander";
import { runBridge } from "./bridge-bundle.ts";

export function mcpCommand(): Command {
  return new Command("mcp")
    .argument("[arguments...]", "what the bridge reads itself")
    .allowUnknownOption()
    .helpOption(false)
    .addHelpText("after", "\n`signalbox mcp --help` lists its options.")
    .action((args: string[]) => runBridge(args));
}
