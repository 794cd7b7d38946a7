/**
 * The names of things: one branded string for each kind, so that an intent is never passed where a principal is meant.
 *
 * Most of these ids are chosen by foreign clients, so they are bounded in length and otherwise taken as they come.
 */
import * as z from "zod";

/** Longest id that is taken from a client, in UTF-16 units. */
export const MAX_ID_LENGTH = 256;

const id = () => z.string().min(1).max(MAX_ID_LENGTH);

export const SessionId = id().brand<"SessionId">();
export type SessionId = z.infer<typeof SessionId>;

export const PrincipalId = id().brand<"PrincipalId">();
export type PrincipalId = z.infer<typeof PrincipalId>;

/** Whether a name is a principal's own: the name itself, or `<principal>/<label>`, as its sub-agents have it. */
export function isUnder(principal: string, name: string): boolean {
  return name === principal || name.startsWith(`${principal}/`);
}

/** One process incarnation of a principal (SPEC 11.4). */
export const InstanceId = id().brand<"InstanceId">();
export type InstanceId = z.infer<typeof InstanceId>;

export const MessageId = id().brand<"MessageId">();
export type MessageId = z.infer<typeof MessageId>;

export const IntentId = id().brand<"IntentId">();
export type IntentId = z.infer<typeof IntentId>;

export const OpId = id().brand<"OpId">();
export type OpId = z.infer<typeof OpId>;

export const ConflictId = id().brand<"ConflictId">();
export type ConflictId = z.infer<typeof ConflictId>;

export const DeferralId = id().brand<"DeferralId">();
export type DeferralId = z.infer<typeof DeferralId>;

export const ClaimId = id().brand<"ClaimId">();
export type ClaimId = z.infer<typeof ClaimId>;

export const BatchId = id().brand<"BatchId">();
export type BatchId = z.infer<typeof BatchId>;

/** Sixteen random hex digits kept in a worktree's own git directory. */
export const WorktreeId = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .brand<"WorktreeId">();
export type WorktreeId = z.infer<typeof WorktreeId>;

/** `<session>/<aggregate>`: the one log that decides about a thing. */
export type StreamId = string & z.$brand<"StreamId">;

/** The aggregates that have a stream of their own in every session. */
export type AggregateName = "session" | "board" | "mail" | "mcp";

/** Which aggregate a stream belongs to; undefined for a name that this release does not give. */
export function aggregateOf(stream: StreamId): AggregateName | undefined {
  const name = stream.slice(stream.lastIndexOf("/") + 1);
  return name === "session" || name === "board" || name === "mail" || name === "mcp" ? name : undefined;
}

export function streamOf(session: SessionId, aggregate: AggregateName): StreamId {
  return `${session}/${aggregate}` as StreamId;
}

/** Lower-case hex SHA-256, 64 digits. */
export type Hash = string & z.$brand<"Hash">;
