/** Whether a sidecar speaks the control protocol that this program needs: its number is the same, its release may be any. */
import type { SessionExtension } from "../wire/mpac/coordinator.ts";
import { OtherControl } from "./faults.ts";

/** Why the sidecar cannot be used, or undefined when it can. */
export function checkControl(ours: number, { control, version }: Pick<SessionExtension, "control" | "version">): OtherControl | undefined {
  if (control === ours) return undefined;
  const instead =
    control < ours
      ? "run `signalbox stop` in the repository and call again, so that this release starts its own"
      : "restart your coding client, so that it starts the release that is installed now";
  return new OtherControl(`the running sidecar is release ${version} with control number ${control}, and this one needs ${ours}`, instead);
}
