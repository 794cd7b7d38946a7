/**
 * Which command a command line names, and how a command that fails is told.
 *
 * One file a command, loaded only when that command is asked for: help lists what stands here and loads none. What goes
 * wrong is one line on stderr, or with `--json` one document on stdout, and an exit code; nothing here ends the process.
 */
import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { passOverBrokenPipe } from "./broken-pipe.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { told } from "./fault.ts";

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** In the order in which help lists them. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  demo: {
    summary: "Show two agents meeting in a copy of this repository, then how to wire a coding client.",
    load: async () => (await import("./demo.ts")).demoCommand(),
  },
  init: {
    summary: "Wire Claude Code in this worktree: the server, and a guard before edits.",
    load: async () => (await import("./init.ts")).initCommand(),
  },
  mcp: {
    summary: "Serve MCP on stdin and stdout; a coding client starts this.",
    load: async () => (await import("./mcp.ts")).mcpCommand(),
  },
  sidecar: {
    summary: "Serve a repository's session; a bridge starts this when none runs.",
    load: async () => (await import("./sidecar.ts")).sidecarCommand(),
  },
  status: {
    summary: "Show who is working in a repository, and on what.",
    load: async () => (await import("./status.ts")).statusCommand(),
  },
  dashboard: {
    summary: "Print an address that opens the panel of a repository's session, once.",
    load: async () => (await import("./dashboard.ts")).dashboardCommand(),
  },
  claim: {
    summary: "Approve or reject that somebody takes over another's suspended task.",
    load: async () => (await import("./claim.ts")).claimCommand(),
  },
  lanes: {
    summary: "Show who holds which lane, and until when.",
    load: async () => (await import("./lanes.ts")).lanesCommand(),
  },
  board: {
    summary: "Show the agents' blackboard, and acknowledge what waits for a person.",
    load: async () => (await import("./board.ts")).boardCommand(),
  },
  stop: {
    summary: "Stop a repository's sidecar. Its session stays, unless its policy ends it.",
    load: async () => (await import("./stop.ts")).stopCommand(),
  },
  doctor: {
    summary: "Check everything that a session needs, and say what to do about what is missing.",
    load: async () => (await import("./doctor.ts")).doctorCommand(),
  },
  store: {
    summary: "Look after the log.",
    load: async () => (await import("./store.ts")).storeCommand(),
  },
  audit: {
    summary: "Check that the log is what was written.",
    load: async () => (await import("./audit.ts")).auditCommand(),
  },
  transcript: {
    summary: "Write what a session's log says was said, as MPAC has it.",
    load: async () => (await import("./transcript.ts")).transcriptCommand(),
  },
  hook: {
    summary: "Answer a coding client before an edit; the guard runs this where there is no curl.",
    load: async () => (await import("./hook.ts")).hookCommand(),
  },
  adapter: {
    summary: "Seat an agent on a peer bus: MCP on stdin and stdout, a broker behind it.",
    load: async () => (await import("./adapter.ts")).adapterCommand(),
  },
  broker: {
    summary: "Serve a peer bus and nothing else, as peerbus does.",
    load: async () => (await import("./broker.ts")).brokerCommand(),
  },
  tools: {
    summary: "List the MCP tools that a bridge serves.",
    load: async () => (await import("./tools.ts")).toolsCommand(),
  },
};

/**
 * Runs the command. What goes wrong on the way is said and left in `process.exitCode`.
 *
 * @param argv - as `process.argv`: two entries that are passed over, then the arguments
 */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command("signalbox")
    .description("Keeps several coding agents from wrecking each other's work in one git repository.")
    .version(VERSION);

  process.stdout.on("error", passOverBrokenPipe);
  const asked = argv[2] === "help" ? argv[3] : argv[2];
  try {
    for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
      const command = name === asked ? await load() : new Command(name);
      program.addCommand(command.description(summary));
    }
    throwInsteadOfExit(program);
    await program.parseAsync(argv);
  } catch (fault) {
    if (fault instanceof CommanderError) process.exitCode = fault.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else tell(fault, argv.includes("--json"));
  }
}

/** Commands inherit this only when they are made by the program, so that each is told. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) throwInsteadOfExit(inner);
}

function tell(fault: unknown, asJson: boolean): void {
  const { code, sentence } = told(fault);
  if (asJson) process.stdout.write(`${JSON.stringify({ error: { code, message: sentence } })}\n`);
  else process.stderr.write(`signalbox: ${sentence}\n`);
  process.exitCode = exitCodeOf(code);
}
