/**
 * What becomes of an edit that a client is about to make: it goes on where nobody else holds the file, and then it is
 * declared, whether its agent called `begin_task` or not; it is denied with a sentence where another holds it.
 *
 * No rule of the session is here: the edit is announced, or its agent's task widened, and the session refuses it or not.
 * Whoever works for the same host program counts as its agent, because a hook does not say which of them it speaks for.
 */
import { randomUUID } from "node:crypto";
import { intentsOver, liveIntentsOf } from "../../core/session/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { Intent } from "../../core/session/state/intents.ts";
import type { SessionFacts } from "../../core/session/verdict.ts";
import type { OpenStream } from "../../engine/engine.ts";
import { hashOf } from "../../engine/seal.ts";
import type { Outcome } from "../../engine/stream-host.ts";
import { heldIn, type Holder, holding, whose } from "../../tools/holders.ts";
import { asJson } from "../../tools/quote.ts";
import { createTurns } from "../../tools/turns.ts";
import type { PrincipalId } from "../../wire/ids.ts";
import type { Json, JsonObject } from "../../wire/json.ts";
import type { Host } from "../../wire/mpac/extension.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import { onBehalf } from "../../wire/mpac/on-behalf.ts";
import type { Rejection } from "../../wire/refusals.ts";
import { type Agent, createNewcomers, guestOf, isGuest, type Program, whoIs } from "./agent.ts";

/** Life of a task that an edit opened, in seconds, until its client's bridge renews it. */
const TTL_SEC = 900;

/** Files that one task is widened to at most; then another is opened. */
const MAX_FILES = 400;

const OBJECTIVE = "edits that no task declared";

/** Refusals that say nothing of the edit: the log takes no records now. */
const REFUSED_NOW: ReadonlySet<string> = new Set(["store/unavailable", "store/contended"]);

/** Whoever calls a hook could read the discovery file. */
const HOOK = { method: "bearer_token", issuer: "discovery-file", fingerprint: "own", roles: ["contributor"] };

/** A file of a worktree of this session. */
export interface EditPlace {
  readonly treeId: string;
  readonly root: string;
  readonly path: string;
  readonly branch?: string;
  readonly head?: string;
}

/** What the guard needs of the repository; the composition root connects it. */
export interface EditedFiles {
  /** Undefined for a file in no worktree of this session. */
  placeOf(absolute: string): Promise<EditPlace | undefined>;
  isIgnored(place: EditPlace): Promise<boolean>;
  /** The worktree's id, made now where it has none. */
  identify(place: EditPlace): Promise<string>;
}

export interface Edit {
  /** Absolute. */
  readonly file: string;
  /** The host program, nearest first: the hook itself was started by one of these. */
  readonly hosts: readonly Program[];
  /** The client's own name for its conversation. */
  readonly conversation: string | undefined;
}

/** `unanswered`: the session could not take the edit down, and whether it goes on is for whoever asked. */
export type Verdict = { readonly goesOn: true } | { readonly denied: string } | { readonly unanswered: string };

export interface GuardOptions {
  readonly stream: OpenStream<SessionState, ClientMessage, SessionFacts>;
  readonly sessionId: string;
  readonly files: EditedFiles;
  readonly isLiving: (host: Host) => boolean;
  readonly nowMs: () => number;
}

const GOES_ON: Verdict = { goesOn: true };

export interface Guard extends Disposable {
  judge(edit: Edit): Promise<Verdict>;
}

export function createGuard({ stream, sessionId, files, isLiving, nowMs }: GuardOptions): Guard {
  const { host, presence } = stream;
  const inTurn = createTurns();
  const newcomers = createNewcomers({ presence, isLiving, carry });
  // An earlier process may have joined some: a log that cannot be read now has nobody to hold.
  void host.query(({ participants }) => newcomers.holdAgain(participants.values())).catch(() => undefined);

  function carry(principal: string, instance: string, type: ClientMessage["message_type"], payload: JsonObject): Promise<Outcome> {
    const of = { sessionId, messageId: randomUUID(), ts: new Date(nowMs()).toISOString(), principal, instance };
    const facts = (): SessionFacts => ({
      contentHash: hashOf([type, payload as Json]),
      // Where a session wants a credential of everybody, the hook's own is meant, which its edge has seen.
      ...(type === "HELLO" && host.view.settings.profile !== "open" ? { identity: HOOK } : {}),
    });
    return new Promise((resolve) =>
      host.submit({ command: onBehalf(of, type, payload), actor: { principal, verified: "token" }, facts }, resolve),
    );
  }

  async function judge(edit: Edit): Promise<Verdict> {
    const place = await files.placeOf(edit.file);
    if (place === undefined) return GOES_ON;
    const { principal, own: ids } = await host.query((state) => whoIs(state, edit, place.treeId));
    const own = new Set(ids);
    if (principal !== undefined) {
      presence.worked(principal.id, nowMs());
      // Its bridge is gone, and it works: it takes up again what was suspended.
      if (principal.isAway) await carry(principal.id, principal.instance, "HEARTBEAT", {});
    }
    const covering = await host.query((state) => intentsOver(state, [place.path]).map(({ intent }) => intent.principal));
    if (covering.some((holder) => own.has(holder))) {
      if (principal !== undefined && isGuest(principal)) await renew(principal);
      return GOES_ON;
    }
    if (covering.length === 0 && (await files.isIgnored(place))) return GOES_ON;
    if (principal !== undefined) return inTurn(principal.id, () => declare(place, principal, own));
    return judgeGuest(edit, { ...place, treeId: await files.identify(place) });
  }

  /** What a bridge does for its tasks, edits do for those of a host without one. */
  async function renew({ id, instance }: Agent): Promise<void> {
    const half = nowMs() + (TTL_SEC * 1_000) / 2;
    const due = await host.query((state) => liveIntentsOf(state, id).filter(({ renews, expiresAtMs }) => renews && expiresAtMs < half));
    for (const { id: intentId, ttlSec } of due) await carry(id, instance, "INTENT_UPDATE", { intent_id: intentId, ttl_sec: ttlSec });
  }

  /** A host without a bridge takes part when it holds something: whoever only was denied an edit does not. */
  async function judgeGuest(edit: Edit, place: EditPlace): Promise<Verdict> {
    const guest = guestOf(edit, place.root);
    return inTurn(guest.id, async () => {
      const joined = await newcomers.join(guest, edit, place);
      if (!joined.ok) return { unanswered: joined.rejection.message };
      const verdict = await declare(place, guest, new Set());
      if ((await host.query((state) => liveIntentsOf(state, guest.id).length)) === 0) await newcomers.leave(guest);
      return verdict;
    });
  }

  async function declare(place: EditPlace, { id, instance }: Agent, own: ReadonlySet<PrincipalId>): Promise<Verdict> {
    const signalbox = { on_overlap: "block" };
    const task = await host.query((state) => liveIntentsOf(state, id).findLast(canWiden));
    if (task !== undefined) {
      const widened = await carry(id, instance, "INTENT_UPDATE", {
        intent_id: task.id,
        scope: { ...(task.scope as unknown as JsonObject), resources: [...task.resources.map(({ path }) => path), place.path] },
        extensions: { signalbox },
      });
      if (widened.ok) return GOES_ON;
      // It may have ended meanwhile, be as large as a scope may be, or share another file by agreement: that says nothing of this one.
    }
    const announced = await carry(id, instance, "INTENT_ANNOUNCE", {
      intent_id: `edits-${randomUUID().slice(0, 13)}`,
      objective: OBJECTIVE,
      scope: { kind: "file_set", resources: [place.path] },
      ttl_sec: TTL_SEC,
      extensions: { signalbox: { ...signalbox, renews: true } },
    });
    if (announced.ok) return GOES_ON;
    const { code, message } = announced.rejection;
    if (code === "intent/held") return denied(place.path, announced.rejection, own);
    return REFUSED_NOW.has(code) ? { unanswered: message } : GOES_ON;
  }

  function denied(path: string, rejection: Rejection, own: ReadonlySet<PrincipalId>): Verdict {
    const holders = heldIn(rejection).holders.filter(({ principal_id }) => !own.has(principal_id as PrincipalId));
    return holders.length === 0 ? GOES_ON : { denied: reasonFor(path, holders, nowMs()) };
  }

  return {
    judge,
    [Symbol.dispose]: () => newcomers[Symbol.dispose](),
  };
}

/** A task with an end of its own is left alone: an update would put that off. */
function canWiden({ state, renews, scope, resources }: Intent): boolean {
  return state === "ACTIVE" && renews && scope.kind === "file_set" && resources.length < MAX_FILES;
}

function reasonFor(path: string, holders: readonly Holder[], nowMs: number): string {
  const files = { files: [path] };
  return [
    `Signalbox: ${holders
      .slice(0, 3)
      .map((holder) => holding(holder, nowMs))
      .join("; ")}.`,
    "The edit was not made.",
    `Do other work and call check_overlap ${asJson(files)} later, or tell the user.`,
    `Only if you agreed with ${whose(holders)} that you will merge: begin_task with these files and on_overlap "proceed".`,
  ].join(" ");
}
