/**
 * Those who came over HTTP before this process began: whoever thinks between two requests does not know of a restart. They count as
 * present, and their tasks as worked on, for as long as without one; when each was heard last is not on the log.
 */
import { randomUUID } from "node:crypto";
import { liveIntentsOf, treeOf } from "../../core/session/read.ts";
import type { SessionState } from "../../core/session/state.ts";
import type { Participant } from "../../core/session/state/participants.ts";
import type { Clock } from "../../engine/clock.ts";
import type { Presence } from "../../engine/presence.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import { onBehalf } from "../../wire/mpac/on-behalf.ts";
import { OVER_HTTP, PRESENT_MS } from "../../wire/over-http.ts";
import { rfc3339 } from "./coordinator-voice.ts";
import type { Inside } from "./inside.ts";

/** How often it is looked what is due, in milliseconds. */
const LOOK_MS = 15_000;

export interface ExpectedOptions {
  readonly sessionId: string;
  readonly session: Pick<Inside, "query" | "say" | "sleptSince">;
  readonly presence: Pick<Presence, "hold">;
  readonly clock: Pick<Clock, "after">;
  readonly nowMs: () => number;
}

export interface Expected extends Disposable {
  /** It has come, and is held by whoever speaks for it. */
  arrived(principal: string): void;
}

export function expectAgain({ sessionId, session, presence, clock, nowMs }: ExpectedOptions): Expected {
  const held = new Map<string, Disposable>();
  const fromMs = nowMs();
  let timer: Disposable | undefined;

  // A log that cannot be read now has nobody to expect.
  void session.query(({ participants }) => expect(participants.values())).catch(() => undefined);

  function expect(participants: Iterable<Participant>): void {
    for (const { id, instanceId, presence: now } of participants)
      if (now === "available" && instanceId.startsWith(OVER_HTTP)) held.set(id, presence.hold(id));
    lookLater();
  }

  function lookLater(): void {
    if (held.size > 0)
      timer = clock.after(
        LOOK_MS,
        () =>
          void look()
            .catch(() => undefined)
            .finally(lookLater),
      );
  }

  async function look(): Promise<void> {
    const found = await session.query((state) => [...held.keys()].flatMap((id) => stateOf(state, id)));
    const isOver = nowMs() - fromMs - session.sleptSince(fromMs) >= PRESENT_MS;
    for (const { participant, due, isIdle } of found) {
      if (!held.has(participant.id)) continue;
      if (isOver) letGo(participant.id);
      if (isOver && isIdle) await say(participant, "GOODBYE", { reason: "user_exit", intent_disposition: "withdraw" });
      if (!isOver) for (const { id, ttlSec } of due) await say(participant, "INTENT_UPDATE", { intent_id: id, ttl_sec: ttlSec });
    }
    if (isOver) for (const id of held.keys()) letGo(id);
  }

  function stateOf(state: Readonly<SessionState>, id: string) {
    const participant = [...state.participants.values()].find((one) => one.id === id);
    if (participant === undefined) return [];
    const due = liveIntentsOf(state, participant.id).filter(
      ({ renews, expiresAtMs, ttlSec }) => renews && expiresAtMs - nowMs() <= (ttlSec * 1_000) / 2,
    );
    const isIdle = participant.intents.size + participant.claims.size + participant.deferrals.size === 0;
    return [{ participant, due, isIdle }];
  }

  function say({ id, instanceId, worktree }: Participant, type: ClientMessage["message_type"], payload: JsonObject) {
    const of = { sessionId, messageId: randomUUID(), ts: rfc3339(nowMs()), principal: id, instance: instanceId };
    return session.say(onBehalf(of, type, payload), { actor: { principal: id, verified: "token" }, tree: treeOf({ worktree }) });
  }

  function letGo(principal: string): void {
    held.get(principal)?.[Symbol.dispose]();
    held.delete(principal);
  }

  return {
    arrived: letGo,
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]();
      for (const id of held.keys()) letGo(id);
    },
  };
}
