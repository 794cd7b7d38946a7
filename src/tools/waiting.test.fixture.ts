/** Who waits for a turn in the small session of the tools' tests. */
import type { SummaryAnswer } from "../wire/query.ts";
import type { Announcement } from "./ports/session.ts";

export function viewWaiting(
  row: ReadonlyMap<string, Announcement & { readonly principalId: string }>,
  since: string,
): Pick<SummaryAnswer, "waiting"> {
  if (row.size === 0) return {};
  const waiting = Array.from(row.values(), ({ principalId, files, objective }) => ({
    principal_id: principalId,
    objective,
    resources: [...files],
    priority: "normal",
    since,
  }));
  return { waiting };
}
