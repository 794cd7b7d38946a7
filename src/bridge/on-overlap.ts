/** What `begin_task` does where others hold files and its call does not say, as `MPAC_ON_OVERLAP` has it. */
import type { OnOverlap } from "../tools/ports/session.ts";

const WORDS = ["block", "proceed", "wait"] as const satisfies readonly OnOverlap[];

/** What cannot be used counts as `block`, which harms nobody, and is said. */
export function onOverlapIn(env: NodeJS.ProcessEnv, report: (line: string) => void): OnOverlap {
  const said = env["MPAC_ON_OVERLAP"]?.trim().toLowerCase() || "block";
  const known = WORDS.find((word) => word === said);
  if (known === undefined) report(`MPAC_ON_OVERLAP is ${said}; it is block, proceed or wait, and counts as block`);
  return known ?? "block";
}
