/**
 * What a session's mail is at one revision: who has which name, what waits for whom, and which ids were taken.
 *
 * No envelope is here. What waits is known by its key and by the revision whose record holds it, so that a hundred thousand
 * messages for somebody who is away cost their keys.
 */
import type { SessionId } from "../../wire/ids.ts";
import type { MailSettings } from "../../wire/mail.ts";
import type { Revision } from "../../wire/record.ts";
import { createDeadlines, type Deadlines } from "../deadlines.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long an id is remembered at least after it was taken; as long as anything waits under it, too. */
export const IDS_REMEMBERED_MS = 30 * DAY_MS;

/** Ids are forgotten together, those of one hour at most. */
export const IDS_TOGETHER_MS = 60 * 60 * 1000;

const DEFAULT_SETTINGS: MailSettings = { release_after_sec: (30 * DAY_MS) / 1000 };

/** A copy that its recipient has not acknowledged. */
export interface Waiting {
  readonly key: string;
  /** Of the envelope; shared by all copies of a broadcast. */
  readonly id: string;
  readonly sender: string;
  /** Of the record that holds the envelope. What was sent later has a higher one. */
  readonly revision: Revision;
  readonly sentAtMs: number;
  /** How often it was handed to a connection. */
  attempts: number;
  /** Its recipient was connected when a process died: it may have been handed over without a record of that. */
  isDoubtful: boolean;
}

export interface Peer {
  readonly name: string;
  /** Of the credential that the name belongs to. */
  fingerprint: string;
  /** Undefined while it is away. */
  connection: string | undefined;
  /** When it went, later by the time in which nobody could be connected; of no meaning while it is here. */
  awaySinceMs: number;
  /** In the order in which it was sent, whoever sent it. */
  readonly waiting: Map<string, Waiting>;
}

export interface MailState {
  id: SessionId | undefined;
  epoch: number;
  settings: MailSettings;
  readonly peers: Map<string, Peer>;
  /** Names of those who are here. */
  readonly connected: Set<string>;
  /** By when they were taken, the oldest first. */
  readonly ids: Map<string, { readonly takenAtMs: number; copies: number }>;
  /** Copies that wait, in all. */
  waiting: number;
  /** `peer:<name>` is when that is forgotten, `ids` when the oldest are. */
  readonly deadlines: Deadlines;
}

export function initialState(): MailState {
  return {
    id: undefined,
    epoch: 0,
    settings: DEFAULT_SETTINGS,
    peers: new Map(),
    connected: new Set(),
    ids: new Map(),
    waiting: 0,
    deadlines: createDeadlines(),
  };
}
