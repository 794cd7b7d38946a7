/**
 * What happens to the conflicts that a participant is in, for its next result: what was decided of them, frozen because of them,
 * and said of them by the others.
 */
import type { Rejection } from "../wire/refusals.ts";
import { createAcknowledged } from "./acknowledged.ts";
import { createDecisions } from "./decisions.ts";
import { createFreezes } from "./freezes.ts";
import type { Heard } from "./hearing.ts";
import type { Notices } from "./notices.ts";

export interface ConflictNews {
  /** What the coordinator or another participant says. */
  readonly hear: (heard: Heard) => void;
  /** What it says itself: its own resolution ends a conflict as well, and is no news to it. */
  readonly hearOwn: (heard: Heard) => void;
  /** What it wanted was refused. */
  readonly refused: (rejection: Rejection) => void;
}

/** @param self - as which the session knows it now */
export function createConflictNews(notices: Pick<Notices, "tell" | "expect" | "forget">, self: () => string): ConflictNews {
  const hearDecision = createDecisions(notices.tell);
  const freezes = createFreezes(notices);
  const hearAcknowledged = createAcknowledged({ notices, self });

  function hearOwn(heard: Heard): void {
    freezes.hear(heard);
    hearAcknowledged(heard);
  }

  return {
    hear(heard) {
      hearDecision(heard);
      hearOwn(heard);
    },
    hearOwn,
    refused: freezes.refused,
  };
}
