/** What `doctor` looks at when the session is at a coordinator elsewhere: the variables, the way there, and a bridge that joins. */
import { remoteBus } from "../../client/bus-settings.ts";
import type { BadRemote, Remote } from "../../client/remote.ts";
import { askRemoteSummary } from "../ask-summary.ts";
import { busFacts, busLine } from "../bus-facts.ts";
import { askBridge } from "./mcp.ts";
import { fail, ok, type Row, warn } from "./row.ts";
import { told } from "../fault.ts";
import type { CommandPlace } from "../place.ts";
import { withProgress } from "../progress.ts";

export async function* checkRemote(remote: Remote | BadRemote, { workspace }: CommandPlace, flag: string | undefined): AsyncGenerator<Row> {
  if ("refused" in remote) return yield fail("remote", remote.refused.message);
  yield checkAddress(remote);
  const session = await withProgress("asking the coordinator elsewhere", checkSession(remote));
  yield session;
  if (session.state === "fail") return;
  const bus = await busFacts({ base: remoteBus(remote), token: remote.token });
  if (bus !== undefined) yield ok("bus", busLine(bus));
  yield await withProgress("starting a bridge as a coding client does", askBridge(flag)).catch((cause: unknown) =>
    fail("mcp", told(cause).sentence),
  );
  if (workspace.root !== undefined)
    yield ok(
      "guard",
      "asks the sidecar of this machine alone: with a session elsewhere edits go on unguarded, each with a line that says so",
    );
}

function checkAddress({ uri, token, inTheClear }: Remote): Row {
  if (inTheClear) return warn("remote", `${uri}, and our token goes there in the clear`, "set MPAC_COORDINATOR_URL to a wss:// address");
  return ok("remote", `${uri}, with ${token === undefined ? "no token" : "a token"}; no sidecar of this machine is used`);
}

async function checkSession(remote: Remote): Promise<Row> {
  try {
    const { participant_count: people, active_intent_count: tasks } = await askRemoteSummary(remote);
    const counts = `${people} ${people === 1 ? "participant" : "participants"}, ${tasks} ${tasks === 1 ? "task" : "tasks"}`;
    return ok("session", `${remote.sessionId} answers: ${counts}`);
  } catch (cause) {
    return fail("session", told(cause).sentence);
  }
}
