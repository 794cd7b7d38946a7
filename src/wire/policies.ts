/** What a session may be told when it is opened, policy by policy; what is not said has the default of `core/session/policy.ts`. */
import * as z from "zod";

const seconds = z.number().min(0).max(31_536_000);

/** Nobody's last sign of life is known for longer. */
const withinADay = z.number().min(0.1).max(86_400);

/** SPEC 18.6.3, 15.7. */
export const GovernancePolicy = z.looseObject({
  /** 0 disables what comes of a conflict that nobody resolves. */
  resolution_timeout_sec: seconds.optional(),
  frozen_scope_phase_1_sec: seconds.optional(),
  frozen_scope_phase_2_sec: seconds.optional(),
  frozen_scope_disable_phase_3: z.boolean().optional(),
  /** Whether whoever joins is warned while no arbiter is there. */
  require_arbiter: z.boolean().optional(),
  timeout_action: z.string().optional(),
  frozen_scope_behavior: z.string().optional(),
  frozen_scope_phase_3_action: z.string().optional(),
  intent_expiry_grace_sec: seconds.optional(),
});

/** SPEC 14.7.5, 15.3.1. */
export const LivenessPolicy = z.looseObject({
  intent_claim_grace_period_sec: seconds.optional(),
  intent_backoff_initial_sec: seconds.optional(),
  intent_backoff_max_sec: seconds.optional(),
  intent_backoff_multiplier: z.number().min(1).max(100).optional(),
  backend_health_policy: z
    .looseObject({
      enabled: z.boolean().optional(),
      on_degraded: z.string().optional(),
      on_down: z.string().optional(),
      auto_switch: z.string().optional(),
      allowed_providers: z.array(z.string()).optional(),
      /** For clients, who look there. */
      check_source: z.string().optional(),
      check_interval_sec: seconds.optional(),
    })
    .optional(),
  heartbeat_interval_sec: withinADay.optional(),
  unavailability_timeout_sec: withinADay.optional(),
  orphaned_intent_action: z.string().optional(),
  orphaned_proposal_action: z.string().optional(),
  /** `governance`: a claim waits for a word, in a core session too. */
  intent_claim_approval: z.string().optional(),
});

/** SPEC 9.6.4. */
export const LifecyclePolicy = z.looseObject({
  auto_close: z.boolean().optional(),
  auto_close_grace_sec: seconds.optional(),
  /** 0: the session has no end of its own. */
  session_ttl_sec: seconds.optional(),
  /** A transcript can be had of every session, and no log is cut. */
  transcript_export: z.boolean().optional(),
  audit_retention_days: z.number().min(0).optional(),
  /** Whether no other process goes on with the session when this one stops. */
  close_on_shutdown: z.boolean().optional(),
});

/** SPEC 23.1.5. */
export const RolePolicy = z.looseObject({
  default_role: z.string().optional(),
  role_assignments: z.record(z.string(), z.array(z.string())).optional(),
  role_constraints: z
    .record(z.string(), z.looseObject({ max_count: z.int().min(0).optional(), allowed_principal_types: z.array(z.string()).optional() }))
    .optional(),
});

/** SPEC 15.2.3: which entries of different kinds are one resource. */
export const ResourceRegistry = z.looseObject({
  mappings: z.array(z.looseObject({ canonical_uri: z.string(), aliases: z.array(z.looseObject({ kind: z.string(), value: z.string() })) })),
});

/** A member that no schema knows, with the path to it, and the names that stand there. */
export interface Stray {
  readonly path: string;
  readonly known: readonly string[];
}

/**
 * The first member that the schema does not know. Policies are kept as they came and folded loosely, because a later
 * release may have more of them; whoever writes one by hand is told of a misspelt name.
 */
export function strayIn(schema: unknown, value: unknown, path: readonly string[] = []): Stray | undefined {
  if (schema instanceof z.ZodOptional) return strayIn(schema.unwrap(), value, path);
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return firstOf(value.map((one, index) => () => strayIn(schema.element, one, [...path, String(index)])));
  }
  if (typeof value !== "object" || value === null) return undefined;
  const members = Object.entries(value);
  if (schema instanceof z.ZodRecord)
    return firstOf(
      members.map(
        ([name, one]) =>
          () =>
            strayIn(schema.valueType, one, [...path, name]),
      ),
    );
  if (!(schema instanceof z.ZodObject)) return undefined;
  const shape: Readonly<Record<string, unknown>> = schema.shape;
  const stray = members.find(([name]) => !Object.hasOwn(shape, name));
  if (stray !== undefined) return { path: [...path, stray[0]].join("."), known: Object.keys(shape) };
  return firstOf(
    members.map(
      ([name, one]) =>
        () =>
          strayIn(shape[name], one, [...path, name]),
    ),
  );
}

function firstOf(looks: readonly (() => Stray | undefined)[]): Stray | undefined {
  for (const look of looks) {
    const found = look();
    if (found !== undefined) return found;
  }
  return undefined;
}
