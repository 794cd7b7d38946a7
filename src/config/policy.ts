/** What MPAC lets a session decide for itself, as `MPAC_SESSION_POLICY` says it. */
import type * as z from "zod";
import { strayIn } from "../wire/policies.ts";
import { SessionSettings } from "../wire/session/settings.ts";
import { BadConfig } from "./setting.ts";

const Policy = SessionSettings.pick({
  compliance: true,
  execution_model: true,
  governance: true,
  liveness: true,
  lifecycle: true,
  role_policy: true,
  resource_registry: true,
});
export type SessionPolicy = z.infer<typeof Policy>;

/** @throws BadConfig */
export function readPolicy(text: string | undefined): SessionPolicy {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BadConfig("MPAC_SESSION_POLICY is not JSON", { cause });
  }
  const read = Policy.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new BadConfig(`MPAC_SESSION_POLICY cannot be used: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const stray = strayIn(Policy, value);
  if (stray !== undefined) throw new BadConfig(`MPAC_SESSION_POLICY has ${stray.path}; it may have ${stray.known.join(", ")}`);
  if (read.data.execution_model === "pre_commit" && read.data.compliance !== "governance") {
    throw new BadConfig('MPAC_SESSION_POLICY has execution_model pre_commit, which needs "compliance": "governance" beside it');
  }
  return read.data;
}
