/**
 * Who the bridge is to others: the name it joins under, unless the environment gives it another.
 */
import { basename } from "node:path";
import { cut, givenName, MAX_NAME, slug, userName } from "../client/names.ts";

/** Characters of the parts of a name. */
const MAX_CLIENT = 40;
const MAX_USER = 60;

export interface Surroundings {
  /** As the host calls itself in `clientInfo`. */
  readonly clientName: string | undefined;
  /** `user.name` of git's configuration. */
  readonly gitUser: string | undefined;
  /** Folder of the worktree. */
  readonly worktree: string;
  readonly env: NodeJS.ProcessEnv;
  /** The user of the system, asked for when git names none. */
  readonly systemUser?: () => string;
}

export interface BridgeIdentity {
  readonly principalId: string;
  readonly displayName: string;
  readonly roles: readonly string[];
  readonly capabilities: readonly string[];
}

/** What the bridge does on its principal's behalf (SPEC 19.1). */
export const CAPABILITIES = [
  "intent.broadcast",
  "intent.update",
  "intent.withdraw",
  "op.commit",
  "conflict.report",
  "conflict.ack",
  "causality.lamport_clock",
];

export function bridgeIdentity(surroundings: Surroundings): BridgeIdentity {
  const { env } = surroundings;
  const principalId = givenName(env["MPAC_PRINCIPAL_ID"]) ?? derivedName(surroundings);
  return {
    principalId,
    displayName: givenName(env["MPAC_AGENT_NAME"]) ?? principalId,
    roles: listOf(env["MPAC_AGENT_ROLES"]) ?? ["contributor"],
    capabilities: listOf(env["MPAC_AGENT_CAPABILITIES"]) ?? CAPABILITIES,
  };
}

/** As a client calls itself, fit for a name; empty where nothing is left of it. */
export function clientSlug(clientName: string): string {
  return slug(clientName, MAX_CLIENT);
}

/** `<client>:<git user>@<worktree>`. */
function derivedName({ clientName, gitUser, worktree, systemUser = userName }: Surroundings): string {
  const client = clientSlug(clientName ?? "") || "mcp";
  const user = slug(gitUser ?? "", MAX_USER) || slug(systemUser(), MAX_USER) || "user";
  const folder = slug(basename(worktree), MAX_NAME - MAX_CLIENT - MAX_USER - 2) || "workspace";
  return `${client}:${user}@${folder}`;
}

/** The parts of a comma-separated list, at most 64 of at most 128 characters; undefined when there are none. */
function listOf(text: string | undefined): readonly string[] | undefined {
  const parts = (text ?? "").split(",").flatMap((part) => givenName(part) ?? []);
  return parts.length === 0 ? undefined : [...new Set(parts)].slice(0, 64).map((part) => cut(part, 128));
}
