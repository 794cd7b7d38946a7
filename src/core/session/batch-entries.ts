/** Which entries of a new batch can be taken, each against what the ones before it leave behind (SPEC 16.8). */
import type { ConflictId, IntentId } from "../../wire/ids.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import type { SessionEventOf } from "../../wire/session.ts";
import { refuse } from "../verdict.ts";
import type { Refusal, Said } from "./grounds.ts";
import { takenRefusal } from "./known-operation.ts";
import { carriedOut } from "./operations.ts";
import { policyOf } from "./policy.ts";
import { proposed } from "./proposals.ts";
import type { SessionState } from "./state.ts";
import type { Participant } from "./state/participants.ts";
import type { SessionMoment } from "./verdict.ts";
import type { Standing } from "./virtual-tree.ts";

type Payload = Message<"OP_BATCH_COMMIT">["payload"];
export type Entry = Payload["operations"][number];

interface Taken {
  readonly event: SessionEventOf<"OperationCommitted"> | SessionEventOf<"OperationProposed">;
  /** Conflicts that keep it from being authorized. */
  readonly blockers: readonly ConflictId[];
}

export interface Judged {
  readonly taken: readonly Taken[];
  readonly flaws: readonly (Refusal & { readonly entry: Entry })[];
}

/** All of a batch belongs to one intent: the batch's, or the one that an entry names where the batch names none. */
export function commonIntent({ intent_id: id, operations }: Payload): IntentId | undefined {
  return id ?? operations.find((entry) => (entry.intent_id ?? undefined) !== undefined)?.intent_id ?? undefined;
}

/** An entry as the change that it is. */
export function saidBy(entry: Entry, intentId: IntentId | undefined): Said {
  return { ...entry, intent_id: intentId };
}

export function judgeEntries(state: Readonly<SessionState>, payload: Payload, sender: Participant, at: SessionMoment): Judged {
  const intentId = commonIntent(payload);
  const seen = new Set<string>();
  const earlier = new Map<string, Standing>();
  const taken: Taken[] = [];
  const flaws: (Refusal & { readonly entry: Entry })[] = [];
  for (const entry of payload.operations) {
    const flaw = flawIn(state, entry, intentId, seen);
    const judged = flaw ?? judge(state, payload, entry, intentId, sender, at, earlier);
    seen.add(entry.op_id);
    if ("rejected" in judged) flaws.push({ ...judged, entry });
    else taken.push(judged);
  }
  return { taken, flaws };
}

function flawIn(
  state: Readonly<SessionState>,
  entry: Entry,
  intentId: IntentId | undefined,
  seen: ReadonlySet<string>,
): Refusal | undefined {
  const { op_id: id, intent_id: named } = entry;
  if (seen.has(id)) return refuse("id/taken", `operation id ${id} stands twice in it; each operation has an id of its own`);
  const known = state.operations.get(id);
  if (known !== undefined) return takenRefusal(known);
  if (named === undefined || named === null || named === intentId) return undefined;
  return refuse("message/malformed", `operation ${id} names intent ${named}, and all of a batch belongs to one: ${intentId}`);
}

function judge(
  state: Readonly<SessionState>,
  { batch_id: batchId }: Payload,
  entry: Entry,
  intentId: IntentId | undefined,
  sender: Participant,
  at: SessionMoment,
  earlier: Map<string, Standing>,
): Taken | Refusal {
  const said = saidBy(entry, intentId);
  if (policyOf(state.settings).isPreCommit) {
    const asked = proposed(state, said, batchId, sender, at, earlier);
    return "rejected" in asked ? asked : { event: asked.proposal, blockers: asked.blockers };
  }
  const done = carriedOut(state, said, { intentId, batchId }, sender, at, earlier);
  return "rejected" in done ? done : { event: done.committed, blockers: [] };
}
