/**
 * Taking a store over from the sidecar of an older release: that one is asked, and lets go of the log before it answers.
 *
 * A sidecar of the same control number or a higher one is left alone; whoever wanted a newer one finds it there. Nothing is
 * ended by a signal here: a sidecar that does not obey is named to the user.
 */
import { askControl } from "../client/control.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import { VERSION } from "../version.ts";
import type { Discovery } from "../wire/discovery.ts";
import type { HandoverRequest } from "../wire/handover.ts";
import { RECORD_FORMAT } from "../wire/record.ts";
import { CONTROL } from "../wire/versions.ts";
import { CommandFault } from "./fault.ts";
import { findRunning } from "./running.ts";

/** Milliseconds that the running sidecar has to settle what is under way and close its log. */
const HANDOVER_MS = 5_000;

/**
 * Asks for the store, if a sidecar with a lower control number has it.
 *
 * @param limitMs - milliseconds until its answer is not waited for any longer
 * @returns the port that it had, or undefined when nobody was to be asked
 * @throws CommandFault when it keeps the store
 */
export async function succeed(store: StoreFolder, env: NodeJS.ProcessEnv, limitMs = HANDOVER_MS): Promise<number | undefined> {
  const running = await findRunning(store, env);
  if (running.kind !== "running" || running.sidecar.health.control >= CONTROL) return undefined;
  const { discovery, sidecar } = running;
  const who = `the running sidecar (process ${sidecar.health.pid}, release ${sidecar.health.version})`;
  if (discovery === undefined) {
    const why = `${who} is older than this release, and its discovery file is not readable here: run \`signalbox stop\` as the user who started it`;
    throw new CommandFault("sidecar/no-token", why);
  }

  const { host, port, token } = discovery;
  const body: HandoverRequest = { control: CONTROL, format: RECORD_FORMAT, version: VERSION, pid: process.pid };
  const answer = await askControl({ host, port, token, path: "/control/handover", body, limitMs });
  if (answer?.status === 200) return port;
  const now = await findRunning(store, env);
  if (now.kind === "none" || (now.kind === "running" && now.sidecar.health.pid !== sidecar.health.pid)) return undefined; // it went by itself
  throw new CommandFault("sidecar/no-handover", answer === undefined ? silence(who, discovery, limitMs) : refusal(who, answer));
}

function silence(who: string, { pid }: Discovery, limitMs: number): string {
  return `${who} is older than this release and has not handed over within ${limitMs / 1_000} s: end process ${pid}, then try again`;
}

function refusal(who: string, { status, body }: { readonly status: number; readonly body: unknown }): string {
  const detail = (body as { readonly detail?: unknown } | null | undefined)?.detail;
  if (status === 409 && typeof detail === "string") return detail;
  const why = status === 404 ? "knows no handover" : `answered ${status} when it was asked to hand over`;
  return `${who} is older than this release and ${why}: run \`signalbox stop\`, then try again`;
}
