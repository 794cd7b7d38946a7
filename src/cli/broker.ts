/**
 * `signalbox broker`, and `peerbus serve`: one long-lived broker of a peer bus in the foreground, from its start to its end.
 *
 * Whoever runs the original has its variables, its texts and its exit codes here; the log is a file of this program.
 */
import { Command } from "commander";
import { startBroker } from "../app/broker.ts";
import { type BrokerConfig, type BrokerFlags, readBrokerConfig } from "../config/broker.ts";
import { BadConfig } from "../config/setting.ts";
import { brokerStore } from "../git/broker-store.ts";
import { createLog } from "../log.ts";
import { CommandFault, told } from "./fault.ts";
import { listenForEnd, untilEnd } from "./sidecar.ts";

export function brokerCommand(): Command {
  return new Command("broker")
    .option("--db <file>", "file of the log; PEERBUS_DB goes before it, peerbus.db without either")
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .addHelpText(
      "after",
      "\nPEERBUS_TOKENS and PEERBUS_HMAC_SECRET are required, PEERBUS_LISTEN (127.0.0.1:47821) and PEERBUS_DB are not (see docs/peers.md).",
    )
    .action((flags: BrokerFlags) =>
      serveBroker(flags, {
        hints: true,
        up: (address, { db }) => `Peers' broker at ${address}, log in ${db}. Ctrl-C ends it; what waits stays.`,
        down: undefined,
      }),
    );
}

export interface BrokerWords {
  /** Whether a wrong setting is told with what to do about it. */
  readonly hints: boolean;
  readonly up: (address: string, config: BrokerConfig) => string;
  readonly down: string | undefined;
}

/** By the end of what is wrong. */
const HINTS = {
  "bearer token is required": "set PEERBUS_TOKENS to a list with commas between",
  "at least 32 bytes": "set PEERBUS_HMAC_SECRET to what the peers have, which the broker only measures",
} as const;

/** @throws BadConfig, what opening the log and listening throw */
export async function serveBroker(flags: BrokerFlags, { hints, up, down }: BrokerWords): Promise<void> {
  const end = listenForEnd();
  try {
    const config = hints ? readWithHints(flags) : readBrokerConfig(flags, process.env);
    const log = createLog(config.logLevel);
    await using broker = await startBroker(config, await brokerStore(config.db), log).catch((fault: unknown) => {
      throw isOfAddress(fault) ? unusable(config, fault) : fault;
    });
    process.stdout.write(`${up(addressOf(config, broker.port), config)}\n`);
    await untilEnd(broker, end, log);
  } finally {
    end[Symbol.dispose]();
  }
  if (down !== undefined) process.stdout.write(`${down}\n`);
}

const PORT_TAKEN = "sidecar/port-taken";

const isOfAddress = (fault: unknown): boolean =>
  told(fault).code === PORT_TAKEN || ["listen", "getaddrinfo"].includes(String((fault as { readonly syscall?: unknown }).syscall));

/** In the words of whoever runs a broker: its address has one variable. */
function unusable({ host, port }: BrokerConfig, fault: unknown): Error {
  const { code, sentence } = told(fault);
  const why = code === PORT_TAKEN ? "another program does, or it is not allowed" : sentence;
  const what = `nothing can listen on ${addressOf({ host }, port)}: ${why}; set PEERBUS_LISTEN to another address`;
  return code === PORT_TAKEN ? new CommandFault(code, what, fault) : new BadConfig(what, { cause: fault });
}

function readWithHints(flags: BrokerFlags): BrokerConfig {
  try {
    return readBrokerConfig(flags, process.env);
  } catch (fault) {
    const [, hint] = Object.entries(HINTS).find(([what]) => fault instanceof BadConfig && fault.message.endsWith(what)) ?? [];
    throw hint === undefined ? fault : new BadConfig(`${(fault as Error).message}; ${hint}`, { cause: fault });
  }
}

/** As the variable has it, with the port that it got. */
function addressOf({ host }: Pick<BrokerConfig, "host">, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
