/** `signalbox tools`: the MCP tools that a bridge serves, from the registry itself, with no bridge and no sidecar. */
import { Command } from "commander";
import { REGISTRY } from "../tools/registry.ts";
import { select } from "../tools/selection.ts";
import { CommandFault } from "./fault.ts";

interface ToolsFlags {
  readonly profile?: string;
  readonly json?: boolean;
}

export function toolsCommand(): Command {
  return new Command("tools")
    .option("--profile <names>", "only those of these profiles, comma-separated")
    .option("--json", "one JSON document")
    .action(({ profile, json }: ToolsFlags) => {
      const named = profile?.split(",").map((name) => name.trim());
      const selected = select(REGISTRY, named === undefined ? {} : { profile: named });
      if ("refused" in selected) throw new CommandFault("tools/no-such", selected.refused);

      const tools = selected.tools.map(({ name, title, profile: own, annotations }) => ({
        name,
        title,
        profile: own,
        read_only: annotations.readOnlyHint,
      }));
      process.stdout.write(json === true ? `${JSON.stringify({ tools })}\n` : tools.map(({ name }) => `${name}\n`).join(""));
    });
}
