/** What a repository's sidecar says on the terminal that it was started on: where it is, how it ends, and what then becomes of the session. */
import type { SidecarConfig } from "../config.ts";

export function servedLine({ policy }: Pick<SidecarConfig, "policy">, main: string, uri: string): string {
  const session = policy.lifecycle?.close_on_shutdown === true ? "the session ends with it, as its policy says" : "the session stays";
  return `Serving ${main} at ${uri}. Ctrl-C ends it; ${session}.`;
}
