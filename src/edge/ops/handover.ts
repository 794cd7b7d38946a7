/**
 * `POST /control/handover`: whether a successor gets the store of this sidecar, and that it gets it once.
 *
 * Only one of the same or a higher control number does, and only one that can read what this release wrote: anything else
 * would take the session away from those who have it.
 */
import type { HandoverAnswer, HandoverRequest } from "../../wire/handover.ts";
import { RECORD_FORMAT } from "../../wire/record.ts";
import { CONTROL } from "../../wire/versions.ts";
import { VERSION } from "../../version.ts";

export type Handover = { readonly handedOver: HandoverAnswer } | { readonly refused: string };

/** @param letGo - settles what is queued and closes the log; resolves when a successor may open it */
export function createHandover(letGo: () => Promise<void>): (successor: HandoverRequest) => Promise<Handover> {
  let taken: HandoverRequest | undefined;
  return async (successor) => {
    const why = whyRefused(successor, taken);
    if (why !== undefined) return { refused: why };
    taken = successor;
    await letGo();
    return { handedOver: { status: "handed-over", pid: process.pid, version: VERSION } };
  };
}

function whyRefused({ control, format, version }: HandoverRequest, taken: HandoverRequest | undefined): string | undefined {
  const own = `the running sidecar (process ${process.pid}, release ${VERSION})`;
  if (control < CONTROL) {
    return `${own} has control number ${CONTROL} and release ${version} has ${control}: restart the coding client, so that it starts the release that is installed now`;
  }
  if (format < RECORD_FORMAT) return `${own} writes record format ${RECORD_FORMAT} and release ${version} reads up to ${format}`;
  if (taken !== undefined)
    return `${own} is handing over to ${taken.pid === undefined ? "another process" : `process ${taken.pid}`} already`;
  return undefined;
}
