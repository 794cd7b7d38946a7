/**
 * One principal that a bridge is in a session: its connection, what the tools do through it, and how long its tasks live.
 */
import {
  createSessionClient,
  type Disposition,
  type Joined,
  type SessionClient,
  type SessionClientOptions,
} from "../client/session-client.ts";
import { longestSince, systemNow } from "../client/elapsed.ts";
import { endedSentence } from "../tools/ended-task.ts";
import type { Coordination } from "../tools/ports/session.ts";
import { createCoordination } from "./coordination.ts";
import { createConflictNews } from "../tools/conflict-news.ts";
import { createHearing } from "../tools/hearing.ts";
import type { Notices } from "../tools/notices.ts";
import { createRenewal, IDLE_MS } from "./renewal.ts";
import type { Heard } from "./changes.ts";
import type { WorktreeLook } from "./worktree-look.ts";

/** How often it is looked whether a task is to be renewed, in milliseconds. */
const LOOK_MS = 15_000;

/** How soon after a look a call causes another, in milliseconds: after a sleep the first call is the first to notice. */
const LOOK_AGAIN_MS = 1_000;

/** Milliseconds for the question what of its work is uncommitted, when its host has gone: the GOODBYE waits for it. */
const LAST_QUESTION_MS = 250;

export interface Member {
  readonly client: SessionClient;
  readonly coordination: Coordination;
  /** A tool was called. */
  worked(): void;
  /** Says GOODBYE for good: with uncommitted changes its tasks stay, suspended, for whoever goes on with them. */
  leave(): Promise<void>;
}

export interface MemberOptions {
  readonly client: Omit<SessionClientOptions, "onJoined" | "onEnded" | "onEnvelope" | "onAck">;
  /** Where the coordinator cannot see the worktree, which it is asked about by default. */
  readonly look?: WorktreeLook;
  /** The caller's worktree or folder. */
  readonly workspaceDir: string;
  /** Sentences for the next result, of whichever tool. */
  readonly notices: Notices;
  /** Awaited before anybody is told where they are: what an earlier bridge left is put right there. */
  readonly settled: () => Promise<void>;
  /** The session says something else now. */
  readonly onChange?: ((heard: Heard) => void) | undefined;
}

export function createMember({ client: options, look: ownLook, workspaceDir, notices, settled, onChange }: MemberOptions): Member {
  const { tell } = notices;
  /** Whether a task was found gone since the last join: that is told before the join itself. */
  let missesTasks = false;
  const hearing = createHearing();
  const conflicts = createConflictNews(notices, () => client.principalId);
  const client = createSessionClient({
    ...options,
    onEnvelope(envelope) {
      conflicts.hear(envelope);
      hearing.hear(envelope);
      onChange?.(envelope);
    },
    onAck(envelope) {
      conflicts.hearOwn(envelope);
      hearing.hear(envelope);
      onChange?.(envelope);
    },
    onJoined(joined) {
      const tasks = client.intents.size === 0 ? "" : `, with the ${missesTasks ? "other " : ""}tasks you had`;
      tellOf(joined, tasks, tell);
      missesTasks = false;
      hearing.hear();
      onChange?.("joined");
    },
    onEnded(intent, reason) {
      missesTasks ||= reason === "away";
      tell(endedSentence(intent, reason, IDLE_MS));
    },
  });
  const coordination = createCoordination({ client, hearing, workspaceDir, notices, onRefused: conflicts.refused, settled });
  let lastCall = systemNow();
  const lastEditMs = ownLook === undefined ? undefined : () => ownLook.lastEditMs(filesHeld());
  const renew = createRenewal({ client, lastCall: () => lastCall, lastEditMs, now: systemNow, tell });
  // What goes wrong with a renewal goes wrong with the next call as well, which says so.
  const look = (): void => void renew().catch(() => undefined);
  let lookedAt = lastCall;
  const timer = setInterval(look, LOOK_MS);
  timer.unref();

  function filesHeld(): string[] {
    return Array.from(client.intents.values()).flatMap((intent) => intent.files);
  }

  async function disposition(): Promise<Disposition> {
    if (client.intents.size === 0 || !client.isJoined) return "withdraw";
    if (ownLook !== undefined) return (await ownLook.hasUncommitted(filesHeld())) ? "transfer" : "withdraw";
    const work = await client.query({ kind: "work", fresh: true }, { limitMs: LAST_QUESTION_MS }).catch(() => undefined);
    return work?.kind === "work" && work.uncommitted_count > 0 ? "transfer" : "withdraw";
  }

  return {
    client,
    coordination,
    worked() {
      lastCall = systemNow();
      if (longestSince(lookedAt, lastCall) < LOOK_AGAIN_MS) return;
      lookedAt = lastCall;
      look();
    },
    async leave() {
      clearInterval(timer);
      await client.close(await disposition());
    },
  };
}

function tellOf({ again, principalId, renamedFrom }: Joined, tasks: string, tell: (sentence: string) => void): void {
  if (renamedFrom !== undefined) {
    tell(
      `the connection to the sidecar was lost and ${renamedFrom} is taken now: you are ${principalId}, and the tasks of ${renamedFrom} are not yours`,
    );
  } else if (again) tell(`the connection to the sidecar was lost and is restored: you are ${principalId} again${tasks}`);
}
