/**
 * What the environment and the command line say, read once and checked: nothing else in the program looks at either.
 */
import * as z from "zod";
import type { LogLevel } from "./log.ts";

/** A setting that cannot be used. The message says what a right one looks like. */
export class BadConfig extends Error {
  override readonly name = "BadConfig";
  readonly code = "config/invalid";
}

export interface SidecarConfig {
  readonly workspace: string | undefined;
  readonly host: string;
  /** A port that was asked for; without one the workspace's derived port is tried, then any free one. */
  readonly port: number | undefined;
  readonly sessionId: string | undefined;
  readonly raceLock: boolean;
  readonly idleMinutes: number;
  readonly allowedOrigins: readonly string[];
  readonly logLevel: LogLevel;
}

/** The flags of `signalbox sidecar` as commander hands them over. */
export interface SidecarFlags {
  readonly workspace?: string;
  readonly host?: string;
  readonly port?: string;
  readonly sessionId?: string;
  readonly securityProfile?: string;
  readonly multiSession?: boolean;
  readonly tls?: boolean;
  readonly raceLock?: boolean;
  readonly idleMinutes?: string;
  readonly logLevel?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** An empty variable counts as unset. */
const said = (value: string | undefined): string | undefined => (value === undefined || value.trim() === "" ? undefined : value.trim());

function port(text: string | undefined, from: string): number | undefined {
  if (text === undefined) return undefined;
  const parsed = z.coerce.number().int().min(0).max(65_535).safeParse(text);
  if (!parsed.success) throw new BadConfig(`${from} is ${text}; a port is a whole number from 1 to 65535`);
  return parsed.data;
}

const LATER: readonly { readonly given: (flags: SidecarFlags) => boolean; readonly why: string }[] = [
  { given: ({ multiSession }) => multiSession === true, why: "--multi-session (many sessions in one sidecar) is not in this release" },
  {
    given: ({ tls }) => tls === true,
    why: "--tls belongs to the hosted sidecar, which is not in this release; a local one listens on loopback only",
  },
  {
    given: ({ securityProfile }) => securityProfile !== undefined && securityProfile !== "open",
    why: "the security profile of a local sidecar is open; authenticated and verified come with the hosted one",
  },
];

/** @throws BadConfig */
export function readSidecarConfig(flags: SidecarFlags, env: Environment): SidecarConfig {
  for (const { given, why } of LATER) if (given(flags)) throw new BadConfig(why);
  if (said(env["MPAC_TOKEN_TABLE"]) !== undefined) {
    throw new BadConfig("MPAC_TOKEN_TABLE makes the profile authenticated, which is not in this release; unset it for a local sidecar");
  }
  const host = said(flags.host) ?? said(env["MPAC_SIDECAR_HOST"]) ?? "127.0.0.1";
  if (!["127.0.0.1", "localhost", "::1"].includes(host)) {
    throw new BadConfig(`the sidecar listens on loopback only and ${host} is not; use 127.0.0.1`);
  }
  const idleMinutes = z.coerce
    .number()
    .min(0)
    .safeParse(flags.idleMinutes ?? 30);
  if (!idleMinutes.success) throw new BadConfig(`--idle-minutes is ${flags.idleMinutes}; write a number of minutes, 0 for never`);
  const level = z.enum(["debug", "info", "warn", "error", "silent"]).safeParse(flags.logLevel ?? "info");
  if (!level.success) throw new BadConfig(`--log-level is ${flags.logLevel}; it is debug, info, warn, error or silent`);
  return {
    workspace: said(flags.workspace) ?? said(env["MPAC_WORKSPACE_DIR"]),
    host,
    port: port(said(flags.port), "--port") ?? port(said(env["MPAC_SIDECAR_PORT"]), "MPAC_SIDECAR_PORT"),
    sessionId: said(flags.sessionId),
    raceLock: flags.raceLock !== false,
    idleMinutes: idleMinutes.data,
    allowedOrigins: (said(env["SIGNALBOX_ALLOWED_ORIGINS"]) ?? "")
      .split(",")
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ""),
    logLevel: level.data,
  };
}
