/** What a watcher saw to be checked out, told to the session for those who work there, who may not know it themselves. */
import { randomUUID } from "node:crypto";
import type { Participant } from "../../core/session/state/participants.ts";
import { SELF } from "../../wire/record.ts";
import { onBehalf } from "../../wire/mpac/on-behalf.ts";
import { rfc3339 } from "./coordinator-voice.ts";
import type { SessionStream } from "./room.ts";

export interface CheckedOut {
  /** Of the worktree. */
  readonly id: string;
  readonly branch?: string;
  readonly head?: string;
}

/** Records nothing where the session knows it already. */
export async function tellHead({ host }: Pick<SessionStream, "host">, sessionId: string, tree: CheckedOut, atMs: number): Promise<void> {
  const { id, branch, head } = tree;
  const differs = ({ presence, worktree }: Participant): boolean =>
    presence === "available" && worktree?.id === id && (worktree.branch !== branch || worktree.head !== head);
  const workers = await host.query(({ participants }) =>
    [...participants.values()]
      .filter(differs)
      .map(({ id: principal, instanceId, worktree }) => ({ principal, instanceId, path: worktree?.path ?? "" })),
  );
  for (const { principal, instanceId, path } of workers) {
    const worktree = { id, path, ...(branch === undefined ? {} : { branch }), ...(head === undefined ? {} : { head }) };
    const of = { sessionId, messageId: randomUUID(), ts: rfc3339(atMs), principal, instance: instanceId };
    const command = onBehalf(of, "HEARTBEAT", { extensions: { signalbox: { worktree } } });
    host.submit({ command, actor: SELF, facts: () => ({ observed: true }) }, () => undefined);
  }
}
