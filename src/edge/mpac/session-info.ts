/** What a newcomer is told (SESSION_INFO, SPEC 14.2) and what everybody is told now and then (COORDINATOR_STATUS, 14.6). */
import { policyOf } from "../../core/session/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { lamportIn, PROTOCOL_VERSION } from "../../wire/mpac/envelope.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { Identity } from "../http/door.ts";
import { governancePolicy, livenessPolicy } from "./policies.ts";
import { ownIntents } from "./intent-views.ts";

/** What the sidecar says of a session beyond its state. */
export interface SessionFace {
  readonly sessionId: string;
  readonly workspaceDir: string;
  readonly version: string;
  readonly control: number;
}

/** Who has just joined, and how. */
export interface Newcomer {
  readonly hello: Message<"HELLO">;
  /** Of the session now. */
  readonly revision: number;
  /** What its credential proved, where one is wanted. */
  readonly identity: Identity | undefined;
  /** By this it proves over its next connection to be the same client. */
  readonly secret: string | undefined;
}

export function sessionInfo(state: Readonly<SessionState>, face: SessionFace, newcomer: Newcomer): JsonObject {
  const { hello, identity } = newcomer;
  const { settings } = state;
  const principal = hello.sender.principal_id;
  const granted = state.participants.get(principal)?.roles ?? [];
  return {
    session_id: face.sessionId,
    protocol_version: PROTOCOL_VERSION,
    security_profile: settings.profile,
    compliance_profile: settings.compliance ?? "core",
    watermark_kind: "lamport_clock",
    execution_model: policyOf(settings).isPreCommit ? "pre_commit" : "post_commit",
    state_ref_format: "sha256",
    governance_policy: governancePolicy(settings),
    liveness_policy: livenessPolicy(settings),
    participant_count: [...state.participants.values()].filter((participant) => participant.presence !== "left").length,
    granted_roles: [...granted],
    identity_verified: identity !== undefined,
    ...(identity === undefined ? {} : { identity_method: identity.method, identity_issuer: identity.issuer }),
    compatibility_errors: [...strangeIn(hello), ...differences(hello.payload.roles ?? [], granted), ...withoutArbiter(state)],
    ...(hello.payload.extensions?.signalbox === undefined
      ? {}
      : { extensions: { signalbox: extension(state, face, principal, newcomer) } }),
  };
}

/** Characters that are quoted of what a newcomer says of itself. */
const QUOTED = 64;

/** What its HELLO says that this session cannot be sure to understand; it is taken all the same (SPEC 14.2). */
function strangeIn({ protocol = "MPAC", version = PROTOCOL_VERSION, watermark }: Message<"HELLO">): string[] {
  const errors: string[] = [];
  if (protocol !== "MPAC") errors.push(`protocol ${protocol.slice(0, QUOTED).toWellFormed()} is not known here; this session speaks MPAC`);
  if (!version.startsWith("0.1."))
    errors.push(`version ${version.slice(0, QUOTED).toWellFormed()} is not known here; this session speaks ${PROTOCOL_VERSION}`);
  if ((watermark ?? undefined) !== undefined && lamportIn(watermark) === undefined)
    errors.push("a watermark is compared by the value of a lamport_clock or by its lamport_value, and this one has no such number");
  return errors;
}

/** What of the roles is not as it was asked for (SPEC 23.1.5). */
function differences(asked: readonly string[], granted: readonly string[]): string[] {
  const lacking = asked.filter((role) => !granted.includes(role)).map((role) => `role ${role} was asked for and is not granted here`);
  const added = granted.filter((role) => !asked.includes(role)).map((role) => `role ${role} is granted here without having been asked for`);
  return [...lacking, ...added];
}

/** A governance session wants somebody with the last word, and is there without one all the same (SPEC 18.5). */
function withoutArbiter({ settings, participants }: Readonly<SessionState>): string[] {
  if (!policyOf(settings).wantsArbiter) return [];
  const isHere = [...participants.values()].some(({ roles, presence }) => presence === "available" && roles.includes("arbiter"));
  return isHere ? [] : ["no arbiter is here: a conflict that nobody resolves freezes its scope, and its first committer has it in the end"];
}

/** What a client is told that speaks our extension. */
function extension(
  state: Readonly<SessionState>,
  face: SessionFace,
  principal: PrincipalId,
  { revision, secret }: Pick<Newcomer, "revision" | "secret">,
): JsonObject {
  return {
    control: face.control,
    version: face.version,
    revision,
    workspace_dir: face.workspaceDir,
    ...(secret === undefined ? {} : { secret }),
    ...(ownIntents(state, principal) as unknown as JsonObject),
  };
}

export function sessionStatus(
  state: Readonly<SessionState>,
  sessionId: string,
  event: "heartbeat" | "recovered" | "assumed" | "handover",
): JsonObject {
  return {
    event,
    coordinator_id: `service:coordinator-${sessionId}`,
    session_health: state.liveConflicts.size > 0 ? "degraded" : "healthy",
    active_participants: [...state.participants.values()].filter((participant) => participant.presence === "available").length,
    open_conflicts: state.liveConflicts.size,
    snapshot_lamport_clock: state.clock,
  };
}

/** What a message of the coordinator says of the session as it stands, beside what it is sent for. */
export function standingMembers(state: Readonly<SessionState>, sessionId: string, type: string): JsonObject {
  switch (type) {
    case "COORDINATOR_STATUS":
      return sessionStatus(state, sessionId, "heartbeat");
    case "SESSION_CLOSE":
      return { final_lamport_clock: state.clock, active_intents_disposition: "withdraw_all", summary: summaryOf(state) };
    default:
      return {};
  }
}

/** SPEC 9.6.2. */
function summaryOf({ tally, beganAtMs = 0, closedAtMs = beganAtMs }: Readonly<SessionState>): JsonObject {
  return {
    total_intents: tally.intents,
    completed_intents: tally.completed,
    expired_intents: tally.expired,
    withdrawn_intents: tally.withdrawn,
    total_operations: tally.operations,
    committed_operations: tally.committed,
    rejected_operations: tally.rejected,
    abandoned_operations: tally.abandoned,
    total_conflicts: tally.conflicts,
    resolved_conflicts: tally.resolved,
    total_participants: tally.participants,
    duration_sec: Math.max(0, Math.round((closedAtMs - beganAtMs) / 1_000)),
  };
}
