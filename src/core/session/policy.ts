/**
 * What a session's policy says where its settings are silent (SPEC 14.7.5, 15.3.1, 18.6.3, 9.6.4).
 *
 * Three defaults are not the specification's. A claim waits 2 s and not 30: the original's agents wait 15 s for the answer, and its
 * bridge 3 s. An intent's operations are let go at once when it ends. And a conflict that nobody resolves comes to nothing by itself
 * unless the session promises governance: elsewhere there may be nobody whose word could lift a freeze, and what is only a warning
 * must not block anybody (SPEC 15.3.2).
 */
import type { SessionSettings } from "../../wire/session/settings.ts";

export interface Policy {
  readonly isGovernance: boolean;
  readonly isPreCommit: boolean;
  readonly resolutionTimeoutMs: number;
  readonly frozenPhase1Ms: number;
  readonly frozenPhase2Ms: number;
  readonly frozenPhase3: boolean;
  readonly claimGraceMs: number;
  readonly heartbeatMs: number;
  readonly maySilentMs: number;
  /** Whether no claim is approved by time alone. */
  readonly claimsNeedWord: boolean;
  readonly wantsArbiter: boolean;
  readonly backoffInitialMs: number;
  readonly backoffMaxMs: number;
  readonly backoffMultiplier: number;
  readonly autoClose: boolean;
  readonly autoCloseGraceMs: number;
  /** 0: the session has no end of its own. */
  readonly sessionTtlMs: number;
  readonly closesOnShutdown: boolean;
}

const inMs = (seconds: number | undefined, otherwise: number): number => Math.round((seconds ?? otherwise) * 1_000);

/** Settings are replaced and never changed, so each is read once. */
const known = new WeakMap<SessionSettings, Policy>();

export function policyOf(settings: SessionSettings): Policy {
  const before = known.get(settings);
  if (before !== undefined) return before;
  const { governance = {}, liveness = {}, lifecycle = {} } = settings;
  const isGovernance = settings.compliance === "governance";
  const policy: Policy = {
    isGovernance,
    isPreCommit: isGovernance && settings.execution_model === "pre_commit",
    resolutionTimeoutMs: inMs(governance.resolution_timeout_sec, isGovernance ? 300 : 0),
    frozenPhase1Ms: inMs(governance.frozen_scope_phase_1_sec, 60),
    frozenPhase2Ms: inMs(governance.frozen_scope_phase_2_sec, 240),
    frozenPhase3: governance.frozen_scope_disable_phase_3 !== true,
    claimGraceMs: inMs(liveness.intent_claim_grace_period_sec, 2),
    heartbeatMs: inMs(liveness.heartbeat_interval_sec, settings.heartbeat_interval_sec),
    maySilentMs: inMs(liveness.unavailability_timeout_sec, settings.unavailability_timeout_sec),
    claimsNeedWord: isGovernance || liveness.intent_claim_approval === "governance",
    wantsArbiter: governance.require_arbiter ?? isGovernance,
    backoffInitialMs: inMs(liveness.intent_backoff_initial_sec, 30),
    backoffMaxMs: inMs(liveness.intent_backoff_max_sec, 300),
    backoffMultiplier: liveness.intent_backoff_multiplier ?? 2,
    autoClose: lifecycle.auto_close === true,
    autoCloseGraceMs: inMs(lifecycle.auto_close_grace_sec, 60),
    sessionTtlMs: inMs(lifecycle.session_ttl_sec, 0),
    closesOnShutdown: lifecycle.close_on_shutdown === true,
  };
  known.set(settings, policy);
  return policy;
}
