/**
 * Who the bridge is to others: the name it joins under, unless the environment gives it another.
 */
import { userInfo } from "node:os";
import { basename } from "node:path";

/** Longest name that is made here; room is left for `#2` and for labels behind it. */
const MAX_NAME = 200;
const MAX_CLIENT = 40;
const MAX_USER = 60;

/** The coordinator speaks under this. */
const RESERVED = "service:coordinator";

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
const CAPABILITIES = [
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

/** `<client>:<git user>@<worktree>`. */
function derivedName({ clientName, gitUser, worktree, systemUser = userName }: Surroundings): string {
  const client = slug(clientName ?? "", MAX_CLIENT) || "mcp";
  const user = slug(gitUser ?? "", MAX_USER) || slug(systemUser(), MAX_USER) || "user";
  const folder = slug(basename(worktree), MAX_NAME - MAX_CLIENT - MAX_USER - 2) || "workspace";
  return `${client}:${user}@${folder}`;
}

/** Letters and digits of any script, `.`, `_` and `-`; everything else becomes one `-`. */
function slug(text: string, most: number): string {
  const safe = text
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return cut(safe, most).replace(/[-.]+$/, "");
}

/** A name from the environment without what no name holds; undefined when nothing is left or it is the coordinator's. */
function givenName(text: string | undefined): string | undefined {
  const name = cut((text ?? "").replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, "").trim(), MAX_NAME);
  return name === "" || name.startsWith(RESERVED) ? undefined : name;
}

/** At most `most` UTF-16 units, never half a character. */
function cut(text: string, most: number): string {
  return text.slice(0, most).replace(/[\ud800-\udbff]$/, "");
}

/** The parts of a comma-separated list, at most 64 of at most 128 characters; undefined when there are none. */
function listOf(text: string | undefined): readonly string[] | undefined {
  const parts = (text ?? "").split(",").flatMap((part) => givenName(part) ?? []);
  return parts.length === 0 ? undefined : [...new Set(parts)].slice(0, 64).map((part) => cut(part, 128));
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return ""; // a user id without a name, as in many containers
  }
}
