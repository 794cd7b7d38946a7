/** The rules that a session was opened with. They change only by an event. */
import * as z from "zod";
import { GovernancePolicy, LifecyclePolicy, LivenessPolicy, ResourceRegistry, RolePolicy } from "../policies.ts";

export const SessionSettings = z.looseObject({
  profile: z.enum(["open", "authenticated"]),
  /** Whether an announcement over another principal's active intent is refused (SPEC 15.3.2). */
  race_lock: z.boolean(),
  heartbeat_interval_sec: z.number(),
  unavailability_timeout_sec: z.number(),
  /** Life of an intent that names none, in seconds (SPEC 15.3). */
  intent_ttl_sec: z.number(),
  /** Whether paths that differ only in case are the same file here. */
  fold_case: z.boolean(),
  /** Absolute folder of the main worktree, `/` separated: absolute paths inside it are taken as relative. */
  root: z.string(),
  /** SPEC 20: what a session may promise. Governance wants an intent before an operation and an approver for a claim. */
  compliance: z.enum(["core", "governance"]).optional(),
  /** Whether an operation is authorized before it is carried out (SPEC 7.8); `pre_commit` only with governance. */
  execution_model: z.enum(["post_commit", "pre_commit"]).optional(),
  governance: GovernancePolicy.optional(),
  liveness: LivenessPolicy.optional(),
  lifecycle: LifecyclePolicy.optional(),
  role_policy: RolePolicy.optional(),
  resource_registry: ResourceRegistry.optional(),
});
export type SessionSettings = z.infer<typeof SessionSettings>;
