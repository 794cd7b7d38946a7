/** What becomes of a bridge that is told to join somebody else's coordinator: it says that it cannot, and joins none. */
import type { NoContext } from "./contexts.ts";

const REMOTE = ["MPAC_COORDINATOR_URL", "MPAC_SESSION_ID", "MPAC_COORDINATOR_TOKEN"] as const;

/** The refusal of every call while one of the variables is set: a local session would not be the one that was meant. */
export function remoteRefusal(env: NodeJS.ProcessEnv): NoContext | undefined {
  const set = REMOTE.filter((name) => (env[name] ?? "").trim() !== "");
  if (set.length === 0) return undefined;
  const message =
    `${set.join(" and ")} ${set.length === 1 ? "asks" : "ask"} for a coordinator elsewhere, which this release does not join yet: ` +
    "unset it in the configuration of this MCP server to work in the local session, and restart the client";
  return { refused: { code: "remote/unsupported", message } };
}
