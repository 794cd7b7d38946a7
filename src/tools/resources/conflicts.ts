/** `signalbox://conflicts`: what two tasks both want, and how far it is settled. */
import type { JsonObject } from "../../wire/json.ts";
import type { ConflictView, IntentView } from "../../wire/query/views.ts";
import { namedIn } from "../named-in.ts";
import type { Resource } from "../resource.ts";
import { fitting, JSON_TYPE, jsonContent, OTHERS, remark } from "./content.ts";

/** Tasks among which the sides of a conflict are looked for. */
const MOST_INTENTS = 200;

/** Files that are named of one side. */
const MOST_FILES = 10;

export const conflicts: Resource = {
  uri: "signalbox://conflicts",
  name: "conflicts",
  title: "Open conflicts",
  description: "Open conflicts between tasks: both sides with objective and files, the state, and to whom it was escalated.",
  mimeType: JSON_TYPE,
  profile: "core",
  async read({ coordination }, _values, uri) {
    const summary = await coordination.summary({ limit: MOST_INTENTS });
    const { open_conflicts, open_conflict_count } = summary;
    const open = open_conflicts.map((conflict) => withSides(conflict, summary.active_intents));
    const { items, left } = fitting(open, 100, open_conflict_count);
    return jsonContent(uri, {
      session_id: summary.session_id,
      captured_at: summary.captured_at,
      open_conflict_count,
      open_conflicts: items,
      ...(remark(left, "settle some of these first; your own come first") as JsonObject),
      note: OTHERS,
    });
  },
};

export function withSides(conflict: ConflictView, intents: readonly IntentView[]): JsonObject {
  const sides = [conflict.intent_a, conflict.intent_b].flatMap((id) => intents.find(({ intent_id }) => intent_id === id) ?? []);
  return { ...(conflict as JsonObject), sides: sides.map(viewSide) };
}

function viewSide({ intent_id, principal_id, objective, scope }: IntentView): JsonObject {
  const files = namedIn(scope);
  const count = scope.resource_count ?? files.length;
  return {
    intent_id,
    principal_id,
    objective,
    files: files.slice(0, MOST_FILES),
    ...(count > MOST_FILES ? { file_count: count } : {}),
  };
}
