/** `signalbox mcp` as the CLI lists it. The launcher does not come this way: it starts the bundle itself. */
import { Command } from "commander";
import { runBridge } from "./bridge-bundle.ts";

export function mcpCommand(): Command {
  return new Command("mcp")
    .description("Serve MCP on stdin and stdout; a coding client starts this.")
    .argument("[arguments...]", "what the bridge reads itself")
    .allowUnknownOption()
    .helpOption(false)
    .action((args: string[]) => runBridge(args));
}
