/** Which bytes beside the log an event needs: those that it names by their hash. */
import type { Hash } from "../../wire/ids.ts";
import type { SessionEvent } from "../../wire/session.ts";

export function blobsOf(event: SessionEvent): Hash[] {
  if (event.type !== "OperationCommitted") return [];
  return event.files.flatMap(({ blob }) => (blob === undefined ? [] : [blob as Hash]));
}
