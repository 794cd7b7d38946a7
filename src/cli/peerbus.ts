/**
 * `peerbus`: the name and the command line that users of the original have in their units and images. What it does is done by
 * the commands of this program; what it says, and the codes it ends with, are the original's.
 */
import { parseArgs } from "node:util";
import { VERSION } from "../version.ts";
import { passOverBrokenPipe } from "./broken-pipe.ts";
import { told } from "./fault.ts";

const USAGE = `usage: peerbus <command> [flags]

commands:
  serve                        start the WebSocket broker
  audit verify [--db PATH]     check the log's hash chain
  adapter --adapter=<mode>     run an adapter (cc | generic)

flags:
  --version                    print version and exit
  -h, --help                   print this help and exit

serve config is loaded from PEERBUS_* env (LISTEN, TOKENS, HMAC_SECRET, DB).
adapter config is loaded from PEERBUS_* env (URL, NAME, TOKEN, HMAC_SECRET).
`;

const SERVE_USAGE = "usage: peerbus serve [--db PATH] [--version]\n";
const AUDIT_USAGE = "usage: peerbus audit verify [--db PATH]\n";

const BAD_USAGE = 2;

/** @param argv - as `process.argv`: two entries that are passed over, then the arguments */
export async function run(argv: readonly string[]): Promise<void> {
  const [command, ...args] = argv.slice(2);
  process.stdout.on("error", passOverBrokenPipe);
  try {
    process.exitCode = await dispatch(command, args);
  } catch (fault) {
    process.exitCode = refuse(told(fault).sentence);
  }
}

async function dispatch(command: string | undefined, args: readonly string[]): Promise<number> {
  switch (command) {
    case "--version":
    case "-version":
      return say(`peerbus ${VERSION}\n`);
    case "help":
    case "-h":
    case "--help":
      return say(USAGE);
    case "serve":
      return serve(args);
    case "audit":
      return audit(args);
    case "adapter":
      return adapter(args);
    case undefined:
      return refuse("a subcommand is required", USAGE);
    default:
      return refuse(`unknown command ${JSON.stringify(command)}`, USAGE);
  }
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

function refuse(what: string, usage = ""): number {
  process.stderr.write(`peerbus: ${what}\n${usage}`);
  return BAD_USAGE;
}

/** Go's flags: one hyphen or two, `--db PATH` or `--db=PATH`. */
function flagsOf(args: readonly string[]) {
  const long = args.map((arg) => (/^-[a-z]{2}/.test(arg) ? `-${arg}` : arg));
  const options = { db: { type: "string" }, version: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
  try {
    return parseArgs({ args: long, options, allowPositionals: true });
  } catch (fault) {
    return { flaw: (fault as Error).message };
  }
}

async function serve(args: readonly string[]): Promise<number> {
  const read = flagsOf(args);
  if ("flaw" in read) return refuse(read.flaw, SERVE_USAGE);
  const { db, version, help } = read.values;
  if (version === true) return say(`peerbus ${VERSION}\n`);
  if (help === true) return say(SERVE_USAGE);
  const { serveBroker } = await import("./broker.ts");
  await serveBroker(db === undefined ? {} : { db }, {
    hints: false,
    up: (address) => `peerbus: serving on ${address}`,
    down: "peerbus: shut down cleanly",
  });
  // A fault that nobody caught has set it.
  return typeof process.exitCode === "number" ? process.exitCode : 0;
}

async function audit(args: readonly string[]): Promise<number> {
  const read = flagsOf(args);
  if ("flaw" in read) return refuse(read.flaw, AUDIT_USAGE);
  if (read.values.help === true) return say(AUDIT_USAGE);
  if (read.positionals[0] !== "verify") {
    process.stderr.write(AUDIT_USAGE);
    return BAD_USAGE;
  }
  const { verifyBroker } = await import("./broker-audit.ts");
  return verifyBroker(read.values.db ?? process.env["PEERBUS_DB"] ?? "peerbus.db");
}

async function adapter(args: readonly string[]): Promise<number> {
  const { adapterCommand } = await import("./adapter.ts");
  const long = args.map((arg) => (/^-[a-z]{2}/.test(arg) ? `-${arg}` : arg));
  const command = adapterCommand().exitOverride();
  try {
    await command.parseAsync(long, { from: "user" });
  } catch (fault) {
    // The command has said what is wrong with its flags, or its help.
    if ((fault as { readonly exitCode?: unknown }).exitCode === undefined) throw fault;
    return (fault as { readonly exitCode: number }).exitCode === 0 ? 0 : BAD_USAGE;
  }
  return typeof process.exitCode === "number" ? process.exitCode : 0;
}
