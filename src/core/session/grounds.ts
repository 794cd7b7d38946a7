/**
 * What an operation stands on: the intent that it names, the fencing token of that, and a target that nobody has frozen
 * (SPEC 7.1, 14.7.2, 18.6.2).
 *
 * A core session takes a commit without an intent, or under one that has ended, as real clients send them, and marks it as
 * uncoordinated. A governance session wants a live intent of the sender's own.
 */
import type { IntentId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import { coversFile, parseResource, type Resource } from "../scope/resource.ts";
import { refuse } from "../verdict.ts";
import { frozenFor } from "./frozen.ts";
import { ownLiveIntent, suspendedRefusal } from "./intents.ts";
import { meetings } from "./overlaps.ts";
import { policyOf } from "./policy.ts";
import { targetWithin } from "./scope-relations.ts";
import { pathRules } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import type { Participant } from "./state/participants.ts";

export type Refusal = { readonly rejected: Rejection };

/** What a message says of one change: an OP_COMMIT, an OP_PROPOSE, or an entry of a batch. */
export type Said = Pick<
  Message<"OP_COMMIT">["payload"],
  "op_id" | "target" | "op_kind" | "intent_id" | "state_ref_before" | "state_ref_after" | "file_changes" | "extensions"
>;

export type NamesIntent = Pick<Said, "intent_id" | "extensions">;

/** `take back` is what OP_SUPERSEDE may do after the intent was suspended or has ended. */
export type Deed = "commit" | "propose" | "take back";

/** The intent that is named, where one is. */
export const namedIntent = ({ intent_id: id }: Pick<Said, "intent_id">): IntentId | undefined => id ?? undefined;

/** Why the intent that is named, or its fencing token, forbids the deed. A sender that presents a token is held to it. */
export function intentBars(state: Readonly<SessionState>, named: NamesIntent, sender: Participant, deed: Deed): Refusal | undefined {
  const fence = named.extensions?.signalbox?.fence;
  const isStrict = policyOf(state.settings).isGovernance && deed !== "take back";
  const id = namedIntent(named);
  if (id === undefined) {
    if (fence !== undefined) return refuse("message/malformed", "a fence goes with the intent_id it belongs to");
    if (!isStrict) return undefined;
    return refuse("operation/intent-needed", "here an operation belongs to an intent: announce what you change, and name it as intent_id");
  }

  const own = ownLiveIntent(state, id, sender);
  if ("rejected" in own) return isStrict || fence !== undefined ? own : withoutFence(state, id, own, deed);
  if (own.intent.state === "SUSPENDED" && (deed !== "take back" || fence !== undefined)) return suspendedRefusal(id);
  if (fence === undefined || fence === own.intent.fence) return undefined;
  return refuse("intent/fence-passed", `intent ${id} is at fence ${own.intent.fence}, not ${fence}; read it again`, {
    fence: own.intent.fence,
  });
}

/** A proposal may be made under the live intent of another, which then decides over it (SPEC 15.7); a commit may not. */
function withoutFence(state: Readonly<SessionState>, id: IntentId, own: Refusal, deed: Deed): Refusal | undefined {
  if (deed !== "propose") return own.rejected.code === "intent/not-owner" ? own : undefined;
  const intent = state.intents.get(id);
  if (intent?.state === "ACTIVE") return undefined;
  if (intent?.state !== "SUSPENDED") return own.rejected.code === "intent/not-owner" ? ended(id) : own;
  return refuse("intent/suspended", `intent ${id} is suspended while ${intent.principal} is away; propose it when they are back`);
}

function ended(id: IntentId): Refusal {
  return refuse("intent/ended", `intent ${id} has ended; propose it under another`);
}

/** The target, when it is a path of the workspace that no conflict has frozen for this intent. */
export function targetOf(
  state: Readonly<SessionState>,
  { target }: Pick<Said, "target">,
  intentId: IntentId | undefined,
): { readonly target: Resource } | Refusal {
  const resource = parseResource(target, pathRules(state.settings));
  if ("refused" in resource) return refuse("scope/refused", resource.refused, { resource: target });
  return frozenFor(state, target, intentId) ?? { target: resource };
}

/** Whether no live intent of the sender covers the target (SPEC 23.3.2). The one that is named is looked at first: it mostly does. */
export function isUncoordinated(
  state: Readonly<SessionState>,
  target: Resource,
  sender: Participant,
  named: IntentId | undefined,
): boolean {
  const intent = named === undefined ? undefined : state.intents.get(named);
  const isOwn = intent?.principal === sender.id && intent.state === "ACTIVE";
  if (isOwn && !target.glob && intent.resources.some((held) => coversFile(held, target.key))) return false;
  return !meetings(state, [target]).some(
    ({ intent }) => intent.principal === sender.id && intent.state === "ACTIVE" && targetWithin(state, target.path, intent.scope),
  );
}

/** The refusal, with what its sender is told in an OP_REJECT beside the error: that is what many clients react to. */
export function withOpReject({ rejected }: Refusal, opReject: JsonObject): Refusal {
  return { rejected: { ...rejected, details: { ...rejected.details, op_reject: opReject } } };
}
