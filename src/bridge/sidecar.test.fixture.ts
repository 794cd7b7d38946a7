/** A real sidecar for tests of the bridge, in the test's own process, that serves a scratch repository. */
import { findPlace, type Sidecar, startSidecar } from "../app/sidecar.ts";
import { readSidecarConfig, type SidecarFlags } from "../config.ts";
import { createLog } from "../log.ts";

export async function sidecarFor(repo: string, flags: SidecarFlags = {}, policy?: object): Promise<Sidecar> {
  const env = policy === undefined ? {} : { MPAC_SESSION_POLICY: JSON.stringify(policy) };
  const config = readSidecarConfig({ ...flags, workspace: repo }, env);
  return startSidecar(config, await findPlace(config, repo), createLog("silent"));
}
