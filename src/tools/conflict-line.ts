/** One conflict in a sentence, seen from one of its parties. */
import type { ConflictView, IntentView } from "../wire/query/views.ts";
import { namedIn } from "./named-in.ts";
import { listed, named, quoted } from "./quote.ts";

type Named = Pick<ConflictView, "conflict_id"> & Partial<ConflictView>;

/** `Conflict conflict-1 with bo over src/a.ts: "objective" (intent-2).` What is not known is left out. */
export function conflictLine(conflict: Named, principalId: string, intents: readonly IntentView[]): string {
  const mineFirst = conflict.principal_a === principalId;
  const [otherPrincipal, otherIntent] = mineFirst ? [conflict.principal_b, conflict.intent_b] : [conflict.principal_a, conflict.intent_a];
  const isParty = mineFirst || conflict.principal_b === principalId;
  const parties = [conflict.principal_a, conflict.principal_b].flatMap((party) => party ?? []);
  const intent = intents.find((candidate) => candidate.intent_id === otherIntent);
  const who = isParty
    ? ` with ${named(otherPrincipal ?? "another")}${intent?.state === "SUSPENDED" ? ", who is away," : ""}`
    : parties.length === 0
      ? ""
      : ` between ${parties.map(named).join(" and ")}`;
  const to =
    conflict.escalated_to === undefined ? "" : ` to ${conflict.escalated_to === principalId ? "you" : named(conflict.escalated_to)}`;
  const ownIntent = mineFirst ? conflict.intent_a : conflict.intent_b;
  const goesOn = isParty && conflict.favoured !== undefined && conflict.favoured === ownIntent;
  const frozen =
    conflict.frozen_phase === undefined
      ? ""
      : goesOn
        ? ", its files frozen for others while your intent goes on,"
        : ", its files frozen until it is resolved,";
  const state = conflict.state === undefined ? "" : `, ${named(conflict.state)}${to}${frozen}`;
  const about =
    !isParty || intent === undefined
      ? ""
      : ` over ${listed(namedIn(intent.scope), 3)}: ${quoted(intent.objective)} (${named(intent.intent_id)})`;
  return `Conflict ${named(conflict.conflict_id)}${state}${who}${about}.`;
}
