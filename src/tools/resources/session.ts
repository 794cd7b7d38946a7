/** `signalbox://session`: which session this is, who takes part, and how much is going on. */
import type { JsonObject } from "../../wire/json.ts";
import type { Resource } from "../resource.ts";
import { fitting, JSON_TYPE, jsonContent, OTHERS, remark } from "./content.ts";

export const session: Resource = {
  uri: "signalbox://session",
  name: "session",
  title: "Session",
  description: "Who takes part in this repository's session, on which branch and worktree, and how many tasks and conflicts there are.",
  mimeType: JSON_TYPE,
  profile: "core",
  async read({ coordination }, _values, uri) {
    const { principalId } = await coordination.membership();
    const summary = await coordination.summary({ limit: 1 });
    const { items, left } = fitting(summary.participants, 200, summary.participant_count);
    return jsonContent(uri, {
      session_id: summary.session_id,
      workspace_dir: summary.workspace_dir,
      captured_at: summary.captured_at,
      you: summary.participants.some(({ principal_id }) => principal_id === principalId) ? principalId : null,
      participant_count: summary.participant_count,
      active_intent_count: summary.active_intent_count,
      open_conflict_count: summary.open_conflict_count,
      waiting_count: summary.waiting_count ?? summary.waiting?.length ?? 0,
      claim_count: summary.claim_count ?? summary.claims?.length ?? 0,
      participants: items,
      ...(remark(left, "who_is_working with paths shows whoever works there") as JsonObject),
      note: OTHERS,
    });
  },
};
