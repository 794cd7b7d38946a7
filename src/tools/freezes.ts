/**
 * What becomes of a conflict that one is in while nobody resolves it: it comes before somebody, and what it is about is
 * frozen. Whoever edits without `submit_change` meets no refusal, so the next result says it. And whoever was told to wait, by that
 * or by a refusal, is told once that there is nothing to wait for any more, when no decision says so (`decisions.ts`).
 */
import { OVER } from "../wire/freeze.ts";
import type { Rejection } from "../wire/refusals.ts";
import { isOver } from "./decisions.ts";
import type { Heard } from "./hearing.ts";
import type { Notices } from "./notices.ts";
import { listed, named, quoted } from "./quote.ts";

/** Conflicts that are remembered; the oldest give way. */
const MOST = 200;

/** Most characters of a notice. */
const NOTICE_CHARACTERS = 400;

const NOTICES: ReadonlySet<unknown> = new Set(["RESOLUTION_TIMEOUT", "SCOPE_FROZEN"]);

interface Known {
  /** Whether one is a party or an arbiter of it. */
  isOwn: boolean;
  /** What was said of it: every phase has words of its own, the last of which are told. */
  readonly said: Set<string>;
  /** With the answer of a call, or a result since: what is over before is not told at all. */
  isTold: boolean;
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

export function createFreezes(notices: Pick<Notices, "tell" | "expect" | "forget">): Freezes {
  const known = new Map<string, Known>();
  /** Of each refusal the conflicts that stand in its way still. */
  const refusals = new Set<Set<string>>();

  function knownAs(id: string): Known {
    const conflict = known.get(id) ?? { isOwn: false, said: new Set<string>(), isTold: false };
    known.set(id, conflict);
    const [oldest] = known.keys();
    if (known.size > MOST && oldest !== undefined) known.delete(oldest);
    return conflict;
  }

  /** What waits to be told is told no more. */
  function takeBack(conflict: Known): void {
    const waited = notices.forget(conflict);
    conflict.isTold ||= !waited && conflict.isOwn && conflict.said.size > 0;
  }

  /** Whoever does not know that it was frozen does not hear that it is no more. */
  function onEnd(id: string, why: string): void {
    const lifted = lift(id);
    const conflict = known.get(id);
    if (conflict === undefined) return;
    takeBack(conflict);
    if (conflict.isTold) notices.tell(`what conflict ${named(id)} is about is not frozen any more (${why}): ${whatMayGoOn(lifted)}`);
    conflict.isTold = false;
    conflict.said.clear();
  }

  /** What was refused because of it, each with what stands in its way now. */
  function lift(id: string): readonly ReadonlySet<string>[] {
    const lifted = [...refusals].filter((inTheWay) => inTheWay.delete(id));
    for (const inTheWay of lifted) if (inTheWay.size === 0) refusals.delete(inTheWay);
    return lifted;
  }

  function onResolution(id: string, isDecision: boolean): void {
    const conflict = known.get(id);
    if (conflict !== undefined && isDecision && conflict.isOwn) {
      notices.forget(conflict);
      lift(id);
    } else onEnd(id, isDecision ? "it was resolved" : "all that it was about has ended");
    known.delete(id);
  }

  /** It was told with the answer of a call. */
  function onAnswer(id: string, words: string): Known {
    const conflict = knownAs(id);
    conflict.said.add(words);
    conflict.isTold = true;
    return conflict;
  }

  function onNotice(id: string, description: string): void {
    const conflict = known.get(id);
    if (conflict === undefined || conflict.said.has(description)) return;
    takeBack(conflict);
    conflict.said.add(description);
    if (!conflict.isOwn) return; // what it begins with was told to it by whoever began
    const words = quoted(description, NOTICE_CHARACTERS).slice(1, -1);
    notices.expect(conflict, `${words}; edit nothing in it unless submit_change takes it`);
  }

  return {
    hear({ message_type: type, sender, payload }) {
      const { conflict_id: id, error_code: code, refers_to: about, description, extensions } = payload;
      if (type === "CONFLICT_REPORT" && typeof id === "string") knownAs(id).isOwn = true;
      if (type === "RESOLUTION" && typeof id === "string") onResolution(id, !isOver(sender.principal_id, payload));
      if (type !== "PROTOCOL_ERROR" || !NOTICES.has(code) || typeof description !== "string") return;
      const { freeze, frozen } = extensions?.signalbox ?? {};
      for (const conflict of textsIn(frozen)) onAnswer(conflict, description);
      if (typeof about !== "string") return;
      if (freeze === OVER) onEnd(about, "no two sides dispute it any more");
      else onNotice(about, description);
    },
    refused({ code, details }) {
      if (code !== "scope/frozen") return;
      const inTheWay = textsIn(details?.["conflicts"]);
      for (const conflict of inTheWay) onAnswer(conflict, code);
      if (inTheWay.length > 0) refusals.add(new Set(inTheWay));
      const [oldest] = refusals;
      if (refusals.size > MOST && oldest !== undefined) refusals.delete(oldest);
    },
  };
}

const textsIn = (list: unknown): string[] => (Array.isArray(list) ? list : []).filter((one) => typeof one === "string");

/** Where several conflicts froze what was refused, the end of one does not free it. */
function whatMayGoOn(lifted: readonly ReadonlySet<string>[]): string {
  if (lifted.length === 0) return "what you wanted there may go on";
  if (lifted.some(({ size }) => size === 0)) return "what was refused you there with SCOPE_FROZEN may be tried again";
  const others = new Set(lifted.flatMap((inTheWay) => [...inTheWay]));
  return `what was refused you there is frozen still by ${listed([...others])}, and a later result says when it is free`;
}
