/** The coordinator's Lamport clock: how far it goes on with each record, and what it believes of the clocks of others (SPEC 12.7). */
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import { lamportIn } from "../../wire/mpac/envelope.ts";
import type { SessionState } from "./state.ts";

type Clock = Pick<Readonly<SessionState>, "clock">;

/** Room between two records for the Lamport values of the messages that the first one causes. */
const STEP = 1024;

/** A received value further ahead than this is nonsense or hostile, and is ignored. */
const LEAP = 2 ** 32;

/** What the sender of a message has seen, as far as it is believed. */
export function heardLamport({ clock }: Clock, { watermark }: Pick<ClientMessage, "watermark">): number {
  const value = lamportIn(watermark) ?? 0;
  return value <= clock + LEAP ? Math.max(0, Math.floor(value)) : 0;
}

/** The value of the next record: a step above the clock and above what was heard. */
export function nextLamport({ clock }: Clock, heard: number): number {
  return (Math.floor(Math.max(clock, heard) / STEP) + 1) * STEP;
}
