/** The session as the tools see it, spoken to over one session client. */
import type { SessionClient } from "../client/session-client.ts";
import { createCoordination as coordinationOver } from "../tools/coordination.ts";
import type { Hearing } from "../tools/hearing.ts";
import type { Coordination } from "../tools/ports/session.ts";

export interface CoordinationOptions {
  readonly client: SessionClient;
  readonly hearing: Hearing;
  /** The caller's worktree or folder. */
  readonly workspaceDir: string;
  readonly takeNotices: () => readonly string[];
  /** Awaited before anybody is told where they are, and never fails: what an earlier bridge left is put right there. */
  readonly settled: () => Promise<void>;
}

export function createCoordination({ client, hearing, workspaceDir, takeNotices, settled }: CoordinationOptions): Coordination {
  return coordinationOver({
    async membership() {
      const { sessionId, uri } = await client.join();
      await settled();
      return { workspaceDir, sessionId, sidecarUri: uri, principalId: client.principalId, takeNotices };
    },
    send: (type, payload) => client.send(type, payload),
    query: (query) => client.query(query),
    hearing,
    holds: (intentId) => client.intents.has(intentId),
    adopt: (intent) => client.adopt(intent),
  });
}
