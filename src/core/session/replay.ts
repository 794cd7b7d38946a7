/**
 * Replays are kept out where identities are proven (SPEC 23.1.2): a message counts once, and only near the time at which
 * its sender says that it spoke. The log remembers, so a restart changes nothing.
 */
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import { refuse } from "../verdict.ts";
import { REPLAY_WINDOW_MS, type SessionState } from "./state.ts";
import type { SessionMoment, Verdict } from "./verdict.ts";

/** The refusal of a replay; nothing for a message that may be carried out, and where nobody looks. */
export function replayOf(
  state: Readonly<SessionState>,
  message: ClientMessage,
  { facts, atMs }: SessionMoment,
): Extract<Verdict, { rejected: unknown }> | undefined {
  const { sentAtMs } = facts;
  if (sentAtMs === undefined) return undefined;
  if (state.seenMessages.has(message.message_id)) {
    return refuse("message/replayed", `a message ${message.message_id} was carried out already; give each message an id of its own`);
  }
  if (sentAtMs === null) return refuse("message/replayed", "ts says no time; write it as RFC 3339, like 2026-01-31T12:00:00Z");
  const apartSec = Math.round(Math.abs(atMs - sentAtMs) / 1_000);
  if (Math.abs(atMs - sentAtMs) <= REPLAY_WINDOW_MS) return undefined;
  return refuse(
    "message/replayed",
    `ts is ${apartSec} s from the coordinator's clock, and ${REPLAY_WINDOW_MS / 1_000} s are taken; set the clock of your machine`,
  );
}
