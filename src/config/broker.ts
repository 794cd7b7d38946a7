/** What a broker of the peers' bus is told. */
import { readPeers } from "./buses.ts";
import { readService, type ServiceConfig } from "./service.ts";
import { BadConfig, type Environment, portIn, said } from "./setting.ts";

export interface BrokerConfig extends ServiceConfig {
  readonly port: number;
  /** The log's file. */
  readonly db: string;
}

/** The flags of `signalbox broker`. */
export interface BrokerFlags {
  readonly db?: string;
  readonly logLevel?: string;
}

const BROKER_LISTEN = "127.0.0.1:47821";

/** Bytes that the peers' secret has at least: the broker never uses it, and tells early that peers would refuse it. */
const MIN_SECRET_BYTES = 32;

/** Of a broker: the environment goes before the flags, as peerbus has it, and these texts are its own. @throws BadConfig */
export function readBrokerConfig(flags: BrokerFlags, env: Environment): BrokerConfig {
  const peers = readPeers(env);
  if (peers.tokens.length === 0) throw new BadConfig("broker config: at least one bearer token is required");
  if (Buffer.byteLength(env["PEERBUS_HMAC_SECRET"] ?? "") < MIN_SECRET_BYTES) {
    throw new BadConfig(`broker config: hmac: secret must be at least ${MIN_SECRET_BYTES} bytes`);
  }
  const listen = said(env["PEERBUS_LISTEN"]) ?? BROKER_LISTEN;
  const [, host, at] = /^(.*):([0-9]+)$/.exec(listen) ?? [];
  const parsed = portIn(at ?? listen, "PEERBUS_LISTEN");
  if (host === undefined || parsed === undefined)
    throw new BadConfig(`PEERBUS_LISTEN is ${listen}; write an address such as ${BROKER_LISTEN}`);
  const db = said(env["PEERBUS_DB"]) ?? said(flags.db) ?? "peerbus.db";
  if (db === ":memory:") throw new BadConfig("a broker keeps its log in a file; name one by PEERBUS_DB or --db");
  const service = readService(flags.logLevel === undefined ? {} : { logLevel: flags.logLevel }, {}, "local");
  // As Go has it: no address is every address.
  return { ...service, host: host === "" ? "::" : host.replace(/^\[(.*)\]$/, "$1"), port: parsed, db, peers };
}
