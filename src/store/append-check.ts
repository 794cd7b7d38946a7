/** What an append must bring before a store takes it: the head it was decided at, and revisions without a gap. */
import type { StreamId } from "../wire/ids.ts";
import type { Revision } from "../wire/record.ts";
import { RevisionConflict } from "./errors.ts";
import type { StoredRecord } from "./store.ts";

/**
 * The head after the append.
 *
 * @throws RangeError when the revisions do not follow `expected` one by one: the caller's bug, whatever the head is
 * @throws RevisionConflict when `expected` is not `head`
 */
export function headAfter(stream: StreamId, head: Revision, expected: Revision, records: readonly StoredRecord[]): Revision {
  for (const [index, { revision }] of records.entries()) {
    const due = expected + 1 + index;
    if (revision !== due) throw new RangeError(`revision ${revision} stands where ${due} belongs in stream ${stream}`);
  }
  if (expected !== head) throw new RevisionConflict(stream, expected, head);
  return head + records.length;
}
