/**
 * Which command a command line names. One file a command, loaded only when it is asked for: help loads all of them.
 */
import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";

/** In the order in which help lists them. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  mcp: async () => (await import("./mcp.ts")).mcpCommand(),
  sidecar: async () => (await import("./sidecar.ts")).sidecarCommand(),
};

/**
 * Runs the command. What goes wrong on the way there is said on stderr and left in `process.exitCode`; nothing here ends the process.
 *
 * @param argv - as `process.argv`: two entries that are passed over, then the arguments
 */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command("signalbox")
    .description("Keeps several coding agents from wrecking each other's work in one git repository.")
    .version(VERSION);

  for (const [name, load] of Object.entries(COMMANDS)) {
    if (isNamed(argv, name)) program.addCommand(await load());
  }
  // Commands inherit this only when they are made by the program, so that each is told.
  for (const command of [program, ...program.commands]) command.exitOverride();

  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else {
      process.stderr.write(`signalbox: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = exitCodeOf(error);
    }
  }
}

/** Whether `name` is the command of this command line, or none of ours is, so that help has to list it. */
function isNamed(argv: readonly string[], name: string): boolean {
  const asked = argv[2];
  return asked === name || asked === undefined || !Object.hasOwn(COMMANDS, asked);
}
