/**
 * What becomes of changes that an earlier bridge of this worktree prepared and did not see through.
 *
 * Recorded and the target as it was: put in place. Recorded and the target changed: the operation is taken back, the text
 * stays beside its target. Not recorded: the change never was. Whatever happened, the next tool result says so.
 */
import { createHash } from "node:crypto";
import type { Applied, Prepared } from "../git/prepared-change.ts";
import { resumeReplacement } from "../git/replace-file.ts";
import { type Pending, pendingReplacements } from "../git/replacement-journal.ts";
import { quotePath } from "../git/written-path.ts";
import { withdrawalId } from "../tools/operation-id.ts";
import type { Coordination } from "../tools/ports/session.ts";
import type { OperationView } from "../wire/query/views.ts";

type Session = Pick<Coordination, "intent" | "supersede">;

export interface RecoveryOptions {
  /** The worktree. */
  readonly root: string;
  /** Where its pending changes are noted. */
  readonly notesIn: string;
  /** The session as whoever of this bridge's principals holds the intent. */
  readonly holding: (intentId: string) => Promise<Session>;
  readonly tell: (sentence: string) => void;
}

export const hash = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");

/** @throws SidecarUnavailable, OutcomeUnknown: what is left then is left for the next time */
export async function finishPending({ root, notesIn, holding, tell }: RecoveryOptions): Promise<void> {
  const { pending, setAside } = await pendingReplacements(notesIn);
  for (const file of setAside) tell(`a note of a change that was under way could not be read and is kept as ${file}`);
  for (const one of pending) {
    const { op_id: opId, intent_id: intentId, target } = one.entry;
    const coordination = await holding(intentId);
    const intent = await coordination.intent(intentId, target);
    const operation = intent?.operations.find((known) => known.op_id === opId);
    const resumed = await resumeReplacement(root, one);
    if (resumed.ok) tell(await settle(one, resumed.prepared, operation, coordination));
  }
}

async function settle(
  { entry }: Pending,
  prepared: Prepared,
  operation: OperationView | undefined,
  coordination: Session,
): Promise<string> {
  const target = quotePath(entry.target);
  if (operation === undefined) {
    await prepared.abandon();
    return `a change of ${target} that was under way when an earlier bridge ended had not been recorded; ${target} was not touched`;
  }
  if (operation.state === "SUPERSEDED") {
    await prepared.withdrawn();
    return `the change of ${target} that was under way when an earlier bridge ended had been taken back${keptAt(prepared.waitsAt)}`;
  }
  const placed = await tryApply(prepared, entry.state_ref_before);
  if (placed.outcome === "applied") return `the change of ${target} that was under way when an earlier bridge ended is in place now`;

  const outcome = await coordination.supersede({
    opId: withdrawalId({ hash }, entry.op_id),
    supersedesOpId: entry.op_id,
    target: entry.target,
    intentId: entry.intent_id,
    stateRefAfter: placed.currentRef,
    reason: "the target changed before the operation was in place",
  });
  const isGone = outcome.ok || ["operation/not-committed", "operation/unknown"].includes(outcome.rejection.code);
  if (isGone) await prepared.withdrawn();
  const recorded = isGone ? "it has been taken back" : `the session still has it as done (${outcome.rejection.message})`;
  const how = placed.outcome === "lost" ? "its text was gone" : `${target} had changed`;
  return `a change of ${target} was under way when an earlier bridge ended, and ${how}: ${recorded}${placed.outcome === "changed" ? keptAt(placed.keptAt) : ""}`;
}

/** A target that the system does not let us write is as good as one that changed: the operation cannot stand. */
async function tryApply(prepared: Prepared, expectedRef: string): Promise<Applied> {
  try {
    return await prepared.apply(expectedRef);
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== "WriteFailed") throw cause;
    return { outcome: "lost", currentRef: expectedRef };
  }
}

function keptAt(path: string | undefined): string {
  return path === undefined ? "" : `; the text is kept in ${quotePath(path)}`;
}
