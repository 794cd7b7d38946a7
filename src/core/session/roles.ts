/**
 * Which roles a newcomer gets (SPEC 23.1.5): what its credential says before what the session's policy says, and where
 * there is neither, in an open session, what it asks for.
 */
import type { PrincipalId } from "../../wire/ids.ts";
import type { SessionState } from "./state.ts";
import { familyOf } from "./state/participants.ts";
import type { ProvenIdentity } from "./verdict.ts";

/** What somebody is whose policy names nothing else. */
const DEFAULT_ROLE = "contributor";

export interface Applicant {
  readonly id: PrincipalId;
  readonly type: string;
  readonly asks: readonly string[];
  readonly identity: ProvenIdentity | undefined;
}

/** None is an answer: in an open session somebody may take part without a role. */
export function rolesFor(state: Readonly<SessionState>, applicant: Applicant): readonly string[] {
  const { role_policy: policy, profile } = state.settings;
  const { id, asks, identity } = applicant;
  if (identity?.roles !== undefined) return identity.roles;
  if (policy === undefined) return profile === "open" ? asks : [];

  const { default_role: otherwise = DEFAULT_ROLE, role_assignments: assigned = {} } = policy;
  const named = [id, familyOf(id)].find((name) => Object.hasOwn(assigned, name));
  const allowed = named === undefined ? [otherwise] : (assigned[named] ?? []);
  const granted = asks.filter((role) => allowed.includes(role) && isFree(state, role, applicant));
  return granted.length > 0 ? granted : [otherwise].filter((role) => isFree(state, role, applicant));
}

/** Whether the policy lets one more, of this kind, have the role. */
function isFree(state: Readonly<SessionState>, role: string, { id, type }: Applicant): boolean {
  const constraints = state.settings.role_policy?.role_constraints ?? {};
  const constraint = Object.hasOwn(constraints, role) ? constraints[role] : undefined;
  if (constraint === undefined) return true;
  const { max_count: most = Infinity, allowed_principal_types: types } = constraint;
  if (types !== undefined && !types.includes(type)) return false;
  const others = [...state.participants.values()].filter((one) => one.id !== id && one.presence !== "left" && one.roles.includes(role));
  return others.length < most;
}
