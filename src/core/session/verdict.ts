/** What the rules of a session are told, and what they answer before the record is closed by `Settled`. */
import type { JsonObject } from "../../wire/json.ts";
import type { SessionEvent } from "../../wire/session.ts";
import type { SettledResult } from "../../wire/session/settled-result.ts";
import type { Moment } from "../aggregate.ts";
import type { VerdictOf } from "../verdict.ts";

/** What a decision of a session may be told. */
export type SessionFacts = JsonObject & {
  /** Hash of what the message says, without what differs between two sendings of the same. */
  readonly contentHash?: string;
  /** Names of the sender's family (`name`, `name#2`, …) that another instance's open socket holds. */
  readonly connected?: readonly string[];
  /** Names of the sender's family that nobody's socket holds while the program that runs them lives on. */
  readonly living?: readonly string[];
  /** References of paths in the main worktree, read for a commit on the virtual tree; null where there is no file. */
  readonly bases?: { readonly [path: string]: string | null };
  /** Whose credential a HELLO brought, where one is wanted. Never the credential. */
  readonly identity?: ProvenIdentity;
  /** When the sender says that it spoke, milliseconds since 1970; null when nobody can read that. Only where replays are kept out. */
  readonly sentAtMs?: number | null;
  /** The coordinator saw what the message says, and nobody was heard. */
  readonly observed?: true;
};

export type ProvenIdentity = {
  readonly method: string;
  readonly issuer: string;
  readonly fingerprint: string;
  readonly roles?: readonly string[];
};

export type SessionMoment = Moment<SessionFacts>;

export type Verdict = VerdictOf<SessionEvent, SettledResult>;
