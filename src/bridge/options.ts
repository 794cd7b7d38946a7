/** The command line of `signalbox mcp`. */
import { parseArgs } from "node:util";
import type { Selection } from "../tools/selection.ts";

export interface BridgeOptions {
  readonly workspace: string | undefined;
  readonly selection: Selection;
}

const HELP = `Usage: signalbox mcp [options]

Serve MCP on stdin and stdout; a coding client starts this.

Options:
  --workspace <dir>        the repository or a folder in it; that of the client without it
  --profile <names>        the tools of these profiles: core and lanes by default, peers
  --tools <names>          these tools
  --exclude-tools <names>  all but these tools
  --read-only              the tools that change nothing
  -h, --help               display help for command

Names are separated by commas; \`signalbox tools --profile core,lanes,peers\` lists all tools.
`;

/** @param args - what follows `signalbox mcp` */
export function readOptions(args: readonly string[]): BridgeOptions | { readonly refused: string } | { readonly help: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        workspace: { type: "string" },
        profile: { type: "string", multiple: true },
        tools: { type: "string", multiple: true },
        "exclude-tools": { type: "string", multiple: true },
        "read-only": { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return { help: HELP };
    const { profile, tools, "exclude-tools": excludeTools, "read-only": readOnly = false } = values;
    const selection = {
      ...(profile === undefined ? {} : { profile: named(profile) }),
      ...(tools === undefined ? {} : { tools: named(tools) }),
      ...(excludeTools === undefined ? {} : { excludeTools: named(excludeTools) }),
      readOnly,
    };
    return { workspace: values.workspace || undefined, selection };
  } catch (cause) {
    const [first = ""] = (cause as Error).message.split(/\. |\n/);
    return {
      refused: `${first}; the options are --workspace DIR, --profile, --tools, --exclude-tools (names, comma-separated) and --read-only`,
    };
  }
}

function named(given: readonly string[]): readonly string[] {
  return given
    .flatMap((text) => text.split(","))
    .map((text) => text.trim())
    .filter((text) => text !== "");
}
