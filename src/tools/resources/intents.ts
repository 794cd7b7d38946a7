/** `signalbox://intents`: who changes which files now, who waits for a turn, and what is edited without a task. */
import type { JsonObject } from "../../wire/json.ts";
import { withFewFiles } from "../named-in.ts";
import type { Resource } from "../resource.ts";
import { fitting, JSON_TYPE, jsonContent, OTHERS, remark } from "./content.ts";

/** Tasks in one reading. */
const MOST_INTENTS = 100;

/** Files that are named of one task. */
const MOST_FILES = 20;

export const intents: Resource = {
  uri: "signalbox://intents",
  name: "intents",
  title: "Tasks",
  description: "Live tasks: who changes which files, with which objective and until when; who waits for files; edits without a task.",
  mimeType: JSON_TYPE,
  profile: "core",
  async read({ coordination }, _values, uri) {
    const summary = await coordination.summary({ limit: MOST_INTENTS });
    const tasks = fitting(
      summary.active_intents.map((intent) => withFewFiles(intent, MOST_FILES)),
      MOST_INTENTS,
      summary.active_intent_count,
    );
    const waiting = fitting(summary.waiting ?? [], 20, summary.waiting_count);
    return jsonContent(uri, {
      session_id: summary.session_id,
      captured_at: summary.captured_at,
      active_intent_count: summary.active_intent_count,
      active_intents: tasks.items,
      ...(remark(tasks.left, "who_is_working with paths shows the tasks over these, with its cursor all") as JsonObject),
      waiting: waiting.items,
      undeclared: fitting(summary.undeclared ?? [], 20).items,
      note: OTHERS,
    });
  },
};
