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

/** What the specification lets a session choose and is carried out here in one way. */
const ONE_WAY = {
  governance: {
    timeout_action: ["escalate_then_freeze"],
    frozen_scope_behavior: ["reject_writes_and_intents"],
    frozen_scope_phase_3_action: ["first_committer_wins"],
    intent_expiry_grace_sec: [0],
  },
  liveness: {
    orphaned_intent_action: ["suspend"],
    orphaned_proposal_action: ["abandon"],
    intent_claim_approval: ["governance", "automatic"],
  },
} as const;

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
  for (const [part, members] of Object.entries(ONE_WAY)) {
    const said: Readonly<Record<string, unknown>> = read.data[part as keyof typeof ONE_WAY] ?? {};
    for (const [name, done] of Object.entries(members) as [string, readonly unknown[]][]) {
      if (said[name] === undefined || done.includes(said[name])) continue;
      const shown = `${part}.${name} ${JSON.stringify(said[name])}`;
      throw new BadConfig(`MPAC_SESSION_POLICY has ${shown}; carried out is ${done.map((one) => JSON.stringify(one)).join(" or ")}`);
    }
  }
  const { liveness, compliance } = read.data;
  if (compliance === "governance" && liveness?.intent_claim_approval === "automatic")
    throw new BadConfig("MPAC_SESSION_POLICY has intent_claim_approval automatic; in a governance session somebody gives the word");
  return read.data;
}
