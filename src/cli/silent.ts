/** How a command says that something listens where the sidecar would be, and does not answer as one. */
import { CommandFault } from "./fault.ts";
import type { Silent } from "./running.ts";

export function silent({ discovery, suspect }: Silent): CommandFault {
  return new CommandFault("sidecar/no-answer", silence(discovery.port, suspect));
}

function silence(port: number, suspect: Silent["suspect"]): string {
  const stranger = `something listens on port ${port} and does not answer as a sidecar`;
  if (suspect === undefined) return `${stranger}; see which program that is, and ask again when a coding client has started a sidecar`;
  const { pid, seen } = suspect;
  if (!seen) return `${stranger}; wait, or, if process ${pid} is still the sidecar, end that yourself`;
  return `the sidecar of this workspace, process ${pid}, takes connections on port ${port} and does not answer; wait, or end that process yourself`;
}
