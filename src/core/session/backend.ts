/**
 * What comes of the model that a participant stands on: its health, and whether it may change (SPEC 14.3.1).
 *
 * Nothing where the session has no policy about that. A change of status or of model is recorded, no other report is. A
 * denied change refuses the heartbeat that tells of it, and whoever sent it stays with the model that it had.
 */
import type { Message } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionEvent, SessionEventOf } from "../../wire/session.ts";
import type { SessionSettings } from "../../wire/session/settings.ts";
import { refuse } from "../verdict.ts";
import { restorations, suspensions } from "./cascade.ts";
import { liveIntentsOf, type SessionState } from "./state.ts";
import type { Participant } from "./state/participants.ts";

type Policy = NonNullable<NonNullable<SessionSettings["liveness"]>["backend_health_policy"]>;
type Health = NonNullable<Message<"HEARTBEAT">["payload"]["backend_health"]>;

export interface Reported {
  readonly events: readonly SessionEvent[];
  /** Its intents are suspended until it reports a better state, though it is there. */
  readonly suspends: boolean;
}

const NOTHING: Reported = { events: [], suspends: false };

function policyIn({ settings }: Readonly<SessionState>): Policy | undefined {
  const policy = settings.liveness?.backend_health_policy;
  return policy?.enabled === true ? policy : undefined;
}

/** The model that somebody joins with; its state is known from its next heartbeat on. */
export function backendAtHello(state: Readonly<SessionState>, message: Message<"HELLO">, known: Participant | undefined): SessionEvent[] {
  const before = known?.backend;
  const modelId = message.payload.backend?.model_id ?? before?.modelId;
  if (modelId === undefined || policyIn(state) === undefined) return [];
  if (before?.modelId === modelId && before.status === "unknown") return [];
  return [{ type: "BackendReported", principalId: message.sender.principal_id, modelId, status: "unknown", action: "none" }];
}

export function backendAtHeartbeat(
  state: Readonly<SessionState>,
  sender: Participant,
  health: Health | null | undefined,
): Reported | { readonly rejected: Rejection } {
  const policy = policyIn(state);
  if (policy === undefined) return NOTHING;
  const before = sender.backend;
  const modelId = health?.model_id ?? before?.modelId ?? "";
  const status = health?.provider_status ?? before?.status ?? "unknown";
  const switchedFrom = health?.switched_from ?? undefined;
  const isSwitch = modelId !== before?.modelId && (before !== undefined || switchedFrom !== undefined);
  const denied = isSwitch ? denial(policy, modelId) : undefined;
  if (denied !== undefined) return denied;

  const action = actionOf(policy, status);
  const suspends = action === "suspend";
  const isBack = sender.presence !== "available";
  const changed = modelId !== (before?.modelId ?? "") || status !== (before?.status ?? "unknown");
  if (!changed) return { events: [], suspends };

  const live = liveIntentsOf(state, sender.id);
  const actionBefore = before === undefined ? "none" : actionOf(policy, before.status);
  const recovered = actionBefore !== "none" && action === "none" ? { recovered: true as const } : {};
  return {
    events: [
      report(sender, { modelId, status, switchedFrom, action, ...recovered }, health),
      ...(suspends ? suspensions(state, live, `backend_${status}`) : []),
      ...(!suspends && !isBack && actionBefore === "suspend" ? restorations(state, live) : []),
    ],
    suspends,
  };
}

function report(
  { id }: Participant,
  { switchedFrom, ...what }: Pick<SessionEventOf<"BackendReported">, "modelId" | "status" | "action" | "switchedFrom" | "recovered">,
  health: Health | null | undefined,
): SessionEvent {
  const detail = health?.status_detail ?? undefined;
  const alternatives = health?.alternatives ?? undefined;
  return {
    type: "BackendReported",
    principalId: id,
    ...what,
    ...(detail === undefined ? {} : { detail }),
    ...(alternatives === undefined ? {} : { alternatives }),
    ...(switchedFrom === undefined ? {} : { switchedFrom }),
  };
}

/** What a policy does that says nothing of it is what the original does. */
function actionOf({ on_degraded = "warn", on_down = "suspend_and_claim" }: Policy, status: string): "none" | "warn" | "suspend" {
  if (status !== "degraded" && status !== "down") return "none";
  const chosen = status === "down" ? on_down : on_degraded;
  if (chosen === "ignore") return "none";
  return chosen === "suspend_and_claim" ? "suspend" : "warn";
}

/** `notify_first` waits for a word of the coordinator that MPAC has no message for: it is denied until the policy allows it. */
function denial({ auto_switch = "allowed", allowed_providers }: Policy, modelId: string): { readonly rejected: Rejection } | undefined {
  if (auto_switch !== "allowed") {
    const how = auto_switch === "forbidden" ? "forbids it" : "wants to be asked first, and nobody has allowed it";
    return refuse("backend/switch-denied", `the switch to ${modelId} is denied: the session's policy ${how}; go on with the model you had`);
  }
  const slash = modelId.indexOf("/");
  const provider = slash < 0 ? "" : modelId.slice(0, slash);
  if (allowed_providers === undefined || allowed_providers.includes(provider)) return undefined;
  return refuse("backend/switch-denied", `${modelId} is not of a provider that this session allows: ${allowed_providers.join(", ")}`, {
    allowed_providers,
  });
}
