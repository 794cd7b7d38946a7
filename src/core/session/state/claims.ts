/** Somebody asked for the suspended work of another (SPEC 14.7.4); what was decided stays known for a while. */
import type { ClaimId, IntentId, PrincipalId } from "../../../wire/ids.ts";
import type { Scope } from "../../../wire/mpac/messages.ts";
import type { Revision } from "../../../wire/record.ts";

export interface Claim {
  readonly id: ClaimId;
  readonly intent: IntentId;
  readonly principal: PrincipalId;
  readonly newIntent: IntentId;
  readonly objective: string;
  readonly scope: Scope;
  /** Whether the task that comes of it is renewed while there is work; missing where nobody said so. */
  readonly renews?: true;
  /** When it is approved by itself. */
  dueAtMs: number | undefined;
  readonly contentHash: string;
  readonly openedAt: Revision;
  readonly openedAtMs: number;
  state: "PENDING" | "APPROVED" | "REJECTED" | "WITHDRAWN";
}
