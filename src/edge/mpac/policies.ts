/** The two policies of a session as they stand on the wire (SPEC 18.6.3, 14.7.5), with its defaults filled in. */
import { policyOf } from "../../core/session/read.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { SessionSettings } from "../../wire/session/settings.ts";

const seconds = (ms: number): number => ms / 1_000;

export function governancePolicy(settings: SessionSettings): JsonObject {
  const policy = policyOf(settings);
  return {
    require_acknowledgment: true,
    require_arbiter: policy.wantsArbiter,
    resolution_timeout_sec: seconds(policy.resolutionTimeoutMs),
    timeout_action: "escalate_then_freeze",
    frozen_scope_behavior: "reject_writes_and_intents",
    frozen_scope_phase_1_sec: seconds(policy.frozenPhase1Ms),
    frozen_scope_phase_2_sec: seconds(policy.frozenPhase2Ms),
    ...(policy.frozenPhase3 ? { frozen_scope_phase_3_action: "first_committer_wins" } : {}),
    // What waits under an intent falls with it (SPEC 15.7 allows to wait, and has no way to give it another intent).
    intent_expiry_grace_sec: 0,
    race_lock: settings.race_lock,
  };
}

export function livenessPolicy(settings: SessionSettings): JsonObject {
  const policy = policyOf(settings);
  const backend = settings.liveness?.backend_health_policy;
  return {
    heartbeat_interval_sec: seconds(policy.heartbeatMs),
    unavailability_timeout_sec: seconds(policy.maySilentMs),
    orphaned_intent_action: "suspend",
    orphaned_proposal_action: "abandon",
    intent_claim_approval: policy.claimsNeedWord ? "governance" : "automatic",
    intent_claim_grace_period_sec: seconds(policy.claimGraceMs),
    resolution_timeout_sec: seconds(policy.resolutionTimeoutMs),
    ...(backend === undefined ? {} : { backend_health_policy: backend as unknown as JsonObject }),
  };
}
