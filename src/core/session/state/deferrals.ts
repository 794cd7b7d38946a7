/** Somebody waits for others to be done (SPEC 15.5.1): it locks nothing and blocks nobody. */
import type { DeferralId, PrincipalId } from "../../../wire/ids.ts";
import type { Scope } from "../../../wire/mpac/messages.ts";
import type { Revision } from "../../../wire/record.ts";
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Resource } from "../../scope/resource.ts";

export interface Deferral {
  readonly id: DeferralId;
  readonly principal: PrincipalId;
  readonly scope: Scope;
  resources: readonly Resource[];
  readonly category: string;
  readonly reason: string | undefined;
  readonly observedIntents: readonly string[];
  readonly observedPrincipals: readonly string[];
  expiresAtMs: number;
  /** When it was first asked for. */
  readonly deferredAtMs: number;
  readonly deferredAt: Revision;
  /** The announcement that begins by itself once nobody is in its way. */
  readonly waiting: SessionEventOf<"IntentDeferred">["waiting"];
}
