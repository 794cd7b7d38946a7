/**
 * What those who were in the session before are told of the coordinator that serves it now (SPEC 8.1.1.3, 8.1.1.4): that it has
 * recovered, or was handed its office, and where what they hold to be so is not what it knows.
 *
 * Nobody is connected yet when a coordinator comes into office, so each hears it behind its SESSION_INFO, once.
 */
import { ownActiveIntent } from "../../core/session/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";

/** How a coordinator came into its office. */
export type Accession = "recovered" | "assumed";

export interface Succession {
  /** What this participant is to be told now that it has joined; nothing when it was told, or is new here. */
  greet(principal: PrincipalId): Accession | undefined;
  /** What a message claims that the coordinator does not know to be so; each thing once. */
  divergence(state: Readonly<SessionState>, message: ClientMessage): JsonObject | undefined;
}

export function createSuccession({ epoch, participants }: Readonly<SessionState>, accession: Accession): Succession {
  const untold = new Set<PrincipalId>();
  if (epoch > 1) for (const { id, presence } of participants.values()) if (presence !== "left") untold.add(id);
  const known = new Set(untold);
  const told = new Set<string>();

  return {
    greet: (principal) => (untold.delete(principal) ? accession : undefined),
    divergence(state, { message_type, message_id, sender, payload }) {
      // Only those who were here before the coordinator came can have done something that it has not seen.
      if (message_type !== "HEARTBEAT" || !known.has(sender.principal_id)) return undefined;
      const intent = (payload as { readonly active_intent_id?: string | null }).active_intent_id;
      if (typeof intent !== "string" || intent === "" || ownActiveIntent(state, sender.principal_id, intent)) return undefined;
      const claim = `${sender.principal_id} ${intent}`;
      if (told.has(claim)) return undefined;
      told.add(claim);
      return {
        error_code: "STATE_DIVERGENCE",
        description: `${sender.principal_id} works under intent ${intent}, which is not active here; announce it again, or withdraw what rests on it`,
        refers_to: message_id,
        extensions: { signalbox: { refusal: "intent/unknown", retryable: false, details: { divergent: [intent] } } },
      };
    },
  };
}
