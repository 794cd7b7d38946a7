/** What every sidecar is told, whatever it serves. */
import * as z from "zod";
import type { LogLevel } from "../log.ts";
import type { TokenTable } from "../wire/token-table.ts";
import { type PeersConfig, readPeers } from "./buses.ts";
import { readPolicy, type SessionPolicy } from "./policy.ts";
import { BadConfig, type Environment, listed, portIn, said } from "./setting.ts";
import { type CallersConfig, readCallers, readTokens } from "./tables.ts";

export interface ServiceConfig extends CallersConfig {
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
}

/** As commander hands them over. */
export interface ServiceFlags {
  readonly host?: string;
  readonly port?: string;
  readonly securityProfile?: string;
  readonly raceLock?: boolean;
  readonly idleMinutes?: string;
  readonly logLevel?: string;
}

/** @throws BadConfig */
export function readService(flags: ServiceFlags, env: Environment, kind: "local" | "hosted"): ServiceConfig {
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
    port: portIn(said(flags.port), "--port") ?? portIn(said(env["MPAC_SIDECAR_PORT"]), "MPAC_SIDECAR_PORT"),
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
