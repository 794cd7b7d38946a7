/** Who waits for a turn, as a summary shows it. */
import { rowIn } from "../../core/session/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { Deferral } from "../../core/session/state/deferrals.ts";
import type { SummaryAnswer } from "../../wire/query.ts";
import type { WaitingView } from "../../wire/query/views.ts";
import { fewPaths, fitting, type Room } from "./answer-size.ts";
import { rfc3339 } from "./coordinator-voice.ts";

export function viewRow(state: Readonly<SessionState>, room: Room): Pick<SummaryAnswer, "waiting" | "waiting_count"> {
  const row = rowIn(state);
  return row.length === 0 ? {} : { waiting: fitting(row, viewWaiting, room).views, waiting_count: row.length };
}

function viewWaiting({ principal, waiting, resources: all, deferredAtMs }: Deferral): WaitingView {
  const resources = fewPaths(all.map(({ path }) => path));
  return {
    principal_id: principal,
    objective: waiting?.objective ?? "",
    resources,
    ...(resources.length === all.length ? {} : { resource_count: all.length }),
    priority: waiting?.priority ?? "normal",
    since: rfc3339(deferredAtMs),
  };
}
