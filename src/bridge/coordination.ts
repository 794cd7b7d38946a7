/** The session as the tools see it, spoken to over one session client. */
import type { SessionClient } from "../client/session-client.ts";
import { createCoordination as coordinationOver } from "../tools/coordination.ts";
import type { Hearing } from "../tools/hearing.ts";
import type { Notices } from "../tools/notices.ts";
import type { Coordination } from "../tools/ports/session.ts";
import type { Rejection } from "../wire/refusals.ts";

export interface CoordinationOptions {
  readonly client: SessionClient;
  readonly hearing: Hearing;
  /** The caller's worktree or folder. */
  readonly workspaceDir: string;
  /** For the next result, of whichever tool. */
  readonly notices: Notices;
  readonly onRefused: (rejection: Rejection) => void;
  /** Awaited before anybody is told where they are, and never fails: what an earlier bridge left is put right there. */
  readonly settled: () => Promise<void>;
}

export function createCoordination({ client, hearing, workspaceDir, notices, onRefused, settled }: CoordinationOptions): Coordination {
  return coordinationOver({
    async membership() {
      const { sessionId, uri } = await client.join();
      await settled();
      return { workspaceDir, sessionId, sidecarUri: uri, principalId: client.principalId, takeNotices: notices.take };
    },
    send: (type, payload) => client.send(type, payload),
    query: (query) => client.query(query),
    hearing,
    holds: (intentId) => client.intents.has(intentId),
    adopt: (intent) => client.adopt(intent),
    notices,
    onRefused,
  });
}
