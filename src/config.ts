/**
 * What the environment and the command line say, read once and checked: nothing else in the program looks at either.
 */
import { readFileSync } from "node:fs";
import * as z from "zod";
import type { LogLevel } from "./log.ts";
import { strayIn } from "./wire/policies.ts";
import { type KeyTable, readKeyTable } from "./wire/key-table.ts";
import { SessionSettings } from "./wire/session.ts";
import { readSignIn, type SignIn } from "./wire/sign-in.ts";
import { readTokenTable, type TokenTable } from "./wire/token-table.ts";

/** A setting that cannot be used. The message says what a right one looks like. */
export class BadConfig extends Error {
  override readonly name = "BadConfig";
  readonly code = "config/invalid";
}

/** What every sidecar is told, whatever it serves. */
export interface ServiceConfig {
  readonly host: string;
  /** A port that was asked for. */
  readonly port: number | undefined;
  readonly raceLock: boolean;
  /** Minutes without a client after which it ends; 0 for never. */
  readonly idleMinutes: number;
  readonly allowedOrigins: readonly string[];
  readonly logLevel: LogLevel;
  /** Who may join what. With a table the profile is `authenticated`, without one `open`. */
  readonly tokens: TokenTable | undefined;
  /** What MPAC lets a session decide for itself. */
  readonly policy: SessionPolicy;
  readonly peers: PeersConfig;
  readonly signIn: SignIn;
  /** Where the table of keys stands that may be read again. */
  readonly keysFile: string | undefined;
}

export interface PeersConfig {
  /** Bearer tokens of peers alone, beside those that let in everywhere. */
  readonly tokens: readonly string[];
  /** After how many days of absence a name is free again that nothing waits for. */
  readonly releaseDays: number;
}

export interface SidecarConfig extends ServiceConfig {
  readonly workspace: string | undefined;
  readonly sessionId: string | undefined;
  /** Whether every edge wants the token of the discovery file. */
  readonly requireToken: boolean;
}

export interface HostedConfig extends ServiceConfig {
  readonly port: number;
  /** Where the table of tokens stands that may be read again. */
  readonly tokensFile: string | undefined;
  /** Folder of the log; the user's own by default. */
  readonly store: string | undefined;
  /** `none`: in the open; `proxy`: whoever stands in front of it takes TLS off; files: it does so itself. */
  readonly tls: "none" | "proxy" | { readonly cert: string; readonly key: string };
}

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

/** The flags of `signalbox sidecar` as commander hands them over. */
export interface SidecarFlags {
  readonly workspace?: string;
  readonly host?: string;
  readonly port?: string;
  readonly sessionId?: string;
  readonly securityProfile?: string;
  readonly multiSession?: boolean;
  readonly store?: string;
  readonly tls?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly requireToken?: boolean;
  readonly raceLock?: boolean;
  readonly idleMinutes?: string;
  readonly logLevel?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a hosted sidecar listens when nobody says where. */
const HOSTED_PORT = 8766;

const LOOPBACK: readonly string[] = ["127.0.0.1", "localhost", "::1"];

/** An empty variable counts as unset. */
const said = (value: string | undefined): string | undefined => (value === undefined || value.trim() === "" ? undefined : value.trim());

function port(text: string | undefined, from: string): number | undefined {
  if (text === undefined) return undefined;
  const parsed = z.coerce.number().int().min(0).max(65_535).safeParse(text);
  if (!parsed.success) throw new BadConfig(`${from} is ${text}; a port is a whole number from 1 to 65535`);
  return parsed.data;
}

/** Flags that belong to the other kind of sidecar, each with why. */
const NOT_LOCAL: readonly (readonly [keyof SidecarFlags, string])[] = [
  ["tls", "--tls belongs to the hosted sidecar (--multi-session); a local one listens on loopback only"],
  ["tlsCert", "--tls-cert belongs to the hosted sidecar (--multi-session)"],
  ["tlsKey", "--tls-key belongs to the hosted sidecar (--multi-session)"],
  ["store", "--store belongs to the hosted sidecar (--multi-session); a repository's log has its place in the repository"],
];
const NOT_HOSTED: readonly (readonly [keyof SidecarFlags, string])[] = [
  ["workspace", "--multi-session serves sessions of many repositories and none of its own; leave --workspace out"],
  ["sessionId", "--multi-session takes each session's name from the URL (/session/<id>); leave --session-id out"],
  ["requireToken", "--require-token is for a local sidecar; set MPAC_TOKEN_TABLE to give out tokens of a hosted one"],
];

function refuseForeign(flags: SidecarFlags, foreign: typeof NOT_LOCAL): void {
  for (const [flag, why] of foreign) if (flags[flag] !== undefined && flags[flag] !== false) throw new BadConfig(why);
}

/** Of a sidecar that serves one workspace. @throws BadConfig */
export function readSidecarConfig(flags: SidecarFlags, env: Environment): SidecarConfig {
  if (flags.multiSession === true) throw new BadConfig("--multi-session is read by the hosted sidecar");
  refuseForeign(flags, NOT_LOCAL);
  const service = readService(flags, env, "local");
  if (!LOOPBACK.includes(service.host)) {
    throw new BadConfig(
      `a repository's sidecar listens on loopback only and ${service.host} is not; use 127.0.0.1, or --multi-session for a hosted one`,
    );
  }
  return {
    ...service,
    workspace: said(flags.workspace) ?? said(env["MPAC_WORKSPACE_DIR"]),
    sessionId: said(flags.sessionId),
    // A bridge that starts the sidecar gives no flags, and its surroundings.
    requireToken: flags.requireToken === true || said(env["SIGNALBOX_REQUIRE_TOKEN"]) === "1",
  };
}

/** Of a sidecar that serves many sessions of people elsewhere. @throws BadConfig */
export function readHostedConfig(flags: SidecarFlags, env: Environment): HostedConfig {
  refuseForeign(flags, NOT_HOSTED);
  const tokensFile = said(env["MPAC_TOKEN_TABLE_FILE"]);
  if (tokensFile !== undefined && said(env["MPAC_TOKEN_TABLE"]) !== undefined) {
    throw new BadConfig("MPAC_TOKEN_TABLE and MPAC_TOKEN_TABLE_FILE each name the table of tokens; set one of them");
  }
  const read = readService(flags, env, "hosted");
  const tokens = tokensFile === undefined ? read.tokens : readTokensFile(tokensFile);
  if (tokensFile !== undefined && said(flags.securityProfile) === "open") {
    throw new BadConfig("MPAC_TOKEN_TABLE_FILE makes the profile authenticated; unset it, or leave --security-profile open out");
  }
  const service = { ...read, tokens };
  if (service.tokens === undefined && !LOOPBACK.includes(service.host)) {
    throw new BadConfig(
      `everybody who reaches ${service.host} could join every session; set MPAC_TOKEN_TABLE, or listen on 127.0.0.1 for a trial`,
    );
  }
  return { ...service, port: service.port ?? HOSTED_PORT, tokensFile, store: said(flags.store), tls: readTls(flags) };
}

/** The table of tokens as it stands in the file now. @throws BadConfig, which quotes nothing of it */
export function readTokensFile(path: string): TokenTable {
  const read = readTokenTable(textOf(path, "MPAC_TOKEN_TABLE_FILE"));
  if ("flaw" in read) throw new BadConfig(`${path}, which MPAC_TOKEN_TABLE_FILE names, cannot be used: ${read.flaw}`);
  return read.table;
}

/** The table of keys as it stands in the file now. @throws BadConfig, which quotes nothing of it */
export function readKeysFile(path: string): KeyTable {
  const read = readKeyTable(textOf(path, "SIGNALBOX_KEY_TABLE_FILE"));
  if ("flaw" in read) throw new BadConfig(`${path}, which SIGNALBOX_KEY_TABLE_FILE names, cannot be used: ${read.flaw}`);
  return read.table;
}

function textOf(path: string, setting: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new BadConfig(`${setting} names ${path}, which cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}

/** What writes to the bus have to bring: asked for each, so that it can be set and unset while a sidecar runs. */
export function busWriteSecret(env: Environment = process.env): string | undefined {
  return said(env["BUS_WRITE_SECRET"]);
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
  const parsed = port(at ?? listen, "PEERBUS_LISTEN");
  if (host === undefined || parsed === undefined)
    throw new BadConfig(`PEERBUS_LISTEN is ${listen}; write an address such as ${BROKER_LISTEN}`);
  const db = said(env["PEERBUS_DB"]) ?? said(flags.db) ?? "peerbus.db";
  if (db === ":memory:") throw new BadConfig("a broker keeps its log in a file; name one by PEERBUS_DB or --db");
  const service = readService(flags.logLevel === undefined ? {} : { logLevel: flags.logLevel }, {}, "local");
  // As Go has it: no address is every address.
  return { ...service, host: host === "" ? "::" : host.replace(/^\[(.*)\]$/, "$1"), port: parsed, db, peers };
}

function readTls({ tls = false, tlsCert, tlsKey }: SidecarFlags): HostedConfig["tls"] {
  const [cert, key] = [said(tlsCert), said(tlsKey)];
  if (cert === undefined && key === undefined) return tls ? "proxy" : "none";
  if (cert === undefined || key === undefined) {
    throw new BadConfig("--tls-cert and --tls-key belong together: two PEM files; without both a proxy has to terminate TLS");
  }
  if (!tls) throw new BadConfig("--tls-cert and --tls-key are for --tls; add it");
  return { cert, key };
}

function readService(flags: SidecarFlags, env: Environment, kind: "local" | "hosted"): ServiceConfig {
  const idleMinutes = z.coerce
    .number()
    .min(0)
    .safeParse(flags.idleMinutes ?? "0");
  if (!idleMinutes.success) throw new BadConfig(`--idle-minutes is ${flags.idleMinutes}; write a number of minutes, 0 for never`);
  const callers = readCallers(env, kind);
  const { publicUrl } = callers.signIn;
  const level = z.enum(["debug", "info", "warn", "error", "silent"]).safeParse(flags.logLevel ?? "info");
  if (!level.success) throw new BadConfig(`--log-level is ${flags.logLevel}; it is debug, info, warn, error or silent`);
  return {
    host: said(flags.host) ?? said(env["MPAC_SIDECAR_HOST"]) ?? "127.0.0.1",
    port: port(said(flags.port), "--port") ?? port(said(env["MPAC_SIDECAR_PORT"]), "MPAC_SIDECAR_PORT"),
    raceLock: flags.raceLock !== false,
    idleMinutes: idleMinutes.data,
    // Pages of its own come from the address that people know: a form on one is sent from there.
    allowedOrigins: [...listed(env["SIGNALBOX_ALLOWED_ORIGINS"]), ...(publicUrl === undefined ? [] : [new URL(publicUrl).origin])],
    logLevel: level.data,
    tokens: readTokens(said(flags.securityProfile), said(env["MPAC_TOKEN_TABLE"])),
    policy: readPolicy(said(env["MPAC_SESSION_POLICY"])),
    peers: readPeers(env),
    ...callers,
  };
}

/** @throws BadConfig */
function readCallers(env: Environment, kind: "local" | "hosted"): Pick<ServiceConfig, "signIn" | "keysFile"> {
  const [keys, keysFile] = [said(env["SIGNALBOX_KEY_TABLE"]), said(env["SIGNALBOX_KEY_TABLE_FILE"])];
  if (keys !== undefined && keysFile !== undefined)
    throw new BadConfig("SIGNALBOX_KEY_TABLE and SIGNALBOX_KEY_TABLE_FILE each name the table of keys; set one of them");
  const texts = {
    anonymousRead: said(env["SIGNALBOX_ANONYMOUS_READ"]),
    publicUrl: said(env["SIGNALBOX_PUBLIC_URL"]),
    keys: keysFile === undefined ? readKeys(keys) : readKeysFile(keysFile),
    issuer: said(env["SIGNALBOX_ISSUER"]),
    jwks: said(env["SIGNALBOX_ISSUER_JWKS"]),
    audience: listed(env["SIGNALBOX_ISSUER_AUDIENCE"]),
    sessions: listed(env["SIGNALBOX_ISSUER_SESSIONS"]),
  };
  const read = readSignIn(texts, kind === "hosted");
  if ("flaw" in read) throw new BadConfig(read.flaw);
  return { signIn: read.signIn, keysFile };
}

/** @throws BadConfig */
export function readPeers(env: Environment): PeersConfig {
  const days = said(env["SIGNALBOX_PEER_RELEASE_DAYS"]) ?? "30";
  const releaseDays = z.coerce.number().positive().max(36_500).safeParse(days);
  if (!releaseDays.success) throw new BadConfig(`SIGNALBOX_PEER_RELEASE_DAYS is ${days}; write a number of days above 0, such as 30`);
  return { tokens: listed(env["PEERBUS_TOKENS"]), releaseDays: releaseDays.data };
}

/** @throws BadConfig */
function readKeys(text: string | undefined): KeyTable | undefined {
  const read = text === undefined ? undefined : readKeyTable(text);
  if (read !== undefined && "flaw" in read) throw new BadConfig(`SIGNALBOX_KEY_TABLE cannot be used: ${read.flaw}`);
  return read?.table;
}

/** What stands between commas. */
function listed(text = ""): string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** The table makes the profile, and a profile that says otherwise is a mistake. */
function readTokens(profile: string | undefined, text: string | undefined): TokenTable | undefined {
  if (profile === "verified") {
    throw new BadConfig("signatures and certificates (the profile verified) are not in this release, because no known client uses them");
  }
  if (profile !== undefined && profile !== "open" && profile !== "authenticated") {
    throw new BadConfig(`--security-profile is ${profile}; it is open or authenticated`);
  }
  if (text === undefined) {
    if (profile !== "authenticated") return undefined;
    throw new BadConfig(
      'the profile authenticated needs MPAC_TOKEN_TABLE: {"<token>": {"allowed_sessions": ["<id>"], "roles": ["contributor"]}}',
    );
  }
  if (profile === "open")
    throw new BadConfig("MPAC_TOKEN_TABLE makes the profile authenticated; unset it, or leave --security-profile open out");
  const read = readTokenTable(text);
  if ("flaw" in read) throw new BadConfig(`MPAC_TOKEN_TABLE cannot be used: ${read.flaw}`);
  return read.table;
}

const Policy = SessionSettings.pick({
  compliance: true,
  execution_model: true,
  governance: true,
  liveness: true,
  lifecycle: true,
  role_policy: true,
  resource_registry: true,
});
export type SessionPolicy = z.infer<typeof Policy>;

function readPolicy(text: string | undefined): SessionPolicy {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadConfig("MPAC_SESSION_POLICY is not JSON", { cause });
  }
  const read = Policy.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new BadConfig(`MPAC_SESSION_POLICY cannot be used: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const stray = strayIn(Policy, value);
  if (stray !== undefined) throw new BadConfig(`MPAC_SESSION_POLICY has ${stray.path}; it may have ${stray.known.join(", ")}`);
  if (read.data.execution_model === "pre_commit" && read.data.compliance !== "governance") {
    throw new BadConfig('MPAC_SESSION_POLICY has execution_model pre_commit, which needs "compliance": "governance" beside it');
  }
  return read.data;
}
