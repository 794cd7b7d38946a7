/** What the peers' bus is told, and what the board's wants of whoever writes. */
import * as z from "zod";
import { BadConfig, type Environment, listed, said } from "./setting.ts";

export interface PeersConfig {
  /** Bearer tokens of peers alone, beside those that let in everywhere. */
  readonly tokens: readonly string[];
  /** After how many days of absence a name is free again that nothing waits for. */
  readonly releaseDays: number;
}

/** What writes to the bus have to bring: asked for each, so that it can be set and unset while a sidecar runs. */
export function busWriteSecret(env: Environment = process.env): string | undefined {
  return said(env["BUS_WRITE_SECRET"]);
}

/** What the peers of a session sign their mail with, where this process is told: a sidecar needs it to be a peer itself. */
export function peersSecret(env: Environment = process.env): string | undefined {
  return env["PEERBUS_HMAC_SECRET"] || undefined; // not trimmed: it is what it is, as for everybody else who reads it
}

/** @throws BadConfig */
export function readPeers(env: Environment): PeersConfig {
  const days = said(env["SIGNALBOX_PEER_RELEASE_DAYS"]) ?? "30";
  const releaseDays = z.coerce.number().positive().max(36_500).safeParse(days);
  if (!releaseDays.success) throw new BadConfig(`SIGNALBOX_PEER_RELEASE_DAYS is ${days}; write a number of days above 0, such as 30`);
  return { tokens: listed(env["PEERBUS_TOKENS"]), releaseDays: releaseDays.data };
}
