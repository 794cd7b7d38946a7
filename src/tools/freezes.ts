/**
 * What becomes of a conflict that one is in while nobody resolves it: it comes before somebody, and what it is about is
 * frozen. Whoever edits without `submit_change` meets no refusal, so the next result says it. And whoever was told to wait, by that
 * or by a refusal, is told once that there is nothing to wait for any more, when no decision says so (`decisions.ts`).
 */
import { OVER } from "../wire/freeze.ts";
import type { Rejection } from "../wire/refusals.ts";
import { isOver } from "./decisions.ts";
import type { Heard } from "./hearing.ts";
import { named, quoted } from "./quote.ts";

/** Conflicts that are remembered; the oldest give way. */
const MOST = 200;

/** Most characters of a notice. */
const NOTICE_CHARACTERS = 400;

const NOTICES: ReadonlySet<unknown> = new Set(["RESOLUTION_TIMEOUT", "SCOPE_FROZEN"]);

interface Known {
  /** Whether one is a party or an arbiter of it. */
  isOwn: boolean;
  /** What was told of it: every phase has words of its own. */
  readonly told: Set<string>;
}

export interface Freezes {
  /**
   * What the coordinator says: to everybody of a conflict that nobody resolved, to its parties and the arbiters only of its report,
   * and to whoever begins something in a frozen scope that it is frozen.
   */
  readonly hear: (heard: Heard) => void;
  /** What the caller wanted was refused. */
  readonly refused: (rejection: Rejection) => void;
}

export function createFreezes(tell: (sentence: string) => void): Freezes {
  const known = new Map<string, Known>();

  function knownAs(id: string): Known {
    const conflict = known.get(id) ?? { isOwn: false, told: new Set<string>() };
    known.set(id, conflict);
    const [oldest] = known.keys();
    if (known.size > MOST && oldest !== undefined) known.delete(oldest);
    return conflict;
  }

  function onResolution(id: string, isDecision: boolean): void {
    const conflict = known.get(id);
    known.delete(id);
    if (conflict === undefined || conflict.told.size === 0) return;
    if (!isDecision) tell(freeAgain(id, "all that it was about has ended"));
    else if (!conflict.isOwn) tell(freeAgain(id, "it was resolved"));
  }

  function onThaw(id: string): void {
    const conflict = known.get(id);
    if (conflict === undefined || conflict.told.size === 0) return;
    conflict.told.clear();
    tell(freeAgain(id, "no two sides dispute it any more"));
  }

  /** It was told with the answer of a call. */
  function onFrozen(conflicts: unknown, words: string): void {
    for (const id of Array.isArray(conflicts) ? conflicts : []) if (typeof id === "string") knownAs(id).told.add(words);
  }

  function onNotice(id: string, description: string): void {
    const conflict = known.get(id);
    if (conflict === undefined || conflict.told.has(description)) return;
    conflict.told.add(description);
    if (!conflict.isOwn) return; // what it begins with was told to it by whoever began
    const words = quoted(description, NOTICE_CHARACTERS).slice(1, -1);
    tell(`${words}; edit nothing that conflict ${named(id)} is about unless submit_change takes it`);
  }

  return {
    hear({ message_type: type, sender, payload }) {
      const { conflict_id: id, error_code: code, refers_to: about, description, extensions } = payload;
      if (type === "CONFLICT_REPORT" && typeof id === "string") knownAs(id).isOwn = true;
      if (type === "RESOLUTION" && typeof id === "string") onResolution(id, !isOver(sender.principal_id, payload));
      if (type !== "PROTOCOL_ERROR" || !NOTICES.has(code) || typeof description !== "string") return;
      const { freeze, frozen } = extensions?.signalbox ?? {};
      onFrozen(frozen, description);
      if (typeof about !== "string") return;
      if (freeze === OVER) onThaw(about);
      else onNotice(about, description);
    },
    refused({ code, details }) {
      if (code === "scope/frozen") onFrozen(details?.["conflicts"], code);
    },
  };
}

function freeAgain(conflict: string, why: string): string {
  return `what conflict ${named(conflict)} is about is not frozen any more (${why}): what you wanted there may go on`;
}
