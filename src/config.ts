/**
 * What the environment and the command line say to a sidecar, read once and checked: nothing else in the program looks at
 * either. What all of them are told, a broker among them, is read in `config/`.
 */
import { readService, type ServiceConfig, type ServiceFlags } from "./config/service.ts";
import { BadConfig, type Environment, said } from "./config/setting.ts";
import { readTokensFile } from "./config/tables.ts";

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

/** The flags of `signalbox sidecar` as commander hands them over. */
export interface SidecarFlags extends ServiceFlags {
  readonly workspace?: string;
  readonly sessionId?: string;
  readonly multiSession?: boolean;
  readonly store?: string;
  readonly tls?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly requireToken?: boolean;
}

/** Where a hosted sidecar listens when nobody says where. */
const HOSTED_PORT = 8766;

const LOOPBACK: readonly string[] = ["127.0.0.1", "localhost", "::1"];

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

function readTls({ tls = false, tlsCert, tlsKey }: SidecarFlags): HostedConfig["tls"] {
  const [cert, key] = [said(tlsCert), said(tlsKey)];
  if (cert === undefined && key === undefined) return tls ? "proxy" : "none";
  if (cert === undefined || key === undefined) {
    throw new BadConfig("--tls-cert and --tls-key belong together: two PEM files; without both a proxy has to terminate TLS");
  }
  if (!tls) throw new BadConfig("--tls-cert and --tls-key are for --tls; add it");
  return { cert, key };
}
