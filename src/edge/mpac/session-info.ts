/** What a newcomer is told (SESSION_INFO, SPEC 14.2) and what everybody is told now and then (COORDINATOR_STATUS, 14.6). */
import type { SessionState } from "../../core/session/state.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { PROTOCOL_VERSION } from "../../wire/mpac/envelope.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import { ownIntents } from "./views.ts";

/** What the sidecar says of a session beyond its state. */
export interface SessionFace {
  readonly sessionId: string;
  readonly workspaceDir: string;
  readonly version: string;
  readonly control: number;
}

export function sessionInfo(state: Readonly<SessionState>, face: SessionFace, hello: Message<"HELLO">, revision: number): JsonObject {
  const { settings } = state;
  const principal = hello.sender.principal_id;
  return {
    session_id: face.sessionId,
    protocol_version: PROTOCOL_VERSION,
    security_profile: settings.profile,
    compliance_profile: "core",
    watermark_kind: "lamport_clock",
    execution_model: "post_commit",
    state_ref_format: "sha256",
    governance_policy: { require_acknowledgment: true, intent_expiry_grace_sec: 0, race_lock: settings.race_lock },
    liveness_policy: {
      heartbeat_interval_sec: settings.heartbeat_interval_sec,
      unavailability_timeout_sec: settings.unavailability_timeout_sec,
    },
    participant_count: [...state.participants.values()].filter((participant) => participant.presence !== "left").length,
    granted_roles: [...(state.participants.get(principal)?.roles ?? [])],
    identity_verified: false,
    compatibility_errors: [],
    ...(hello.payload.extensions?.signalbox === undefined
      ? {}
      : { extensions: { signalbox: extension(state, face, principal, revision) } }),
  };
}

/** What a client is told that speaks our extension. */
function extension(state: Readonly<SessionState>, face: SessionFace, principal: PrincipalId, revision: number): JsonObject {
  return {
    control: face.control,
    version: face.version,
    revision,
    workspace_dir: face.workspaceDir,
    ...(ownIntents(state, principal) as unknown as JsonObject),
  };
}

export function sessionStatus(state: Readonly<SessionState>, sessionId: string, event: "heartbeat" | "recovered"): JsonObject {
  return {
    event,
    coordinator_id: `service:coordinator-${sessionId}`,
    session_health: state.liveConflicts.size > 0 ? "degraded" : "healthy",
    active_participants: [...state.participants.values()].filter((participant) => participant.presence === "available").length,
    open_conflicts: state.liveConflicts.size,
    snapshot_lamport_clock: state.clock,
  };
}
