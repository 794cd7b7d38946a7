/** The session as a participant that comes another way, over a connection perhaps: nothing is heard for it here. */
import { createCoordination } from "../../../tools/coordination.ts";
import { createHearing } from "../../../tools/hearing.ts";
import type { Coordination } from "../../../tools/ports/session.ts";
import type { Session } from "./place.ts";
import { sentOf, type Voice } from "./voice.ts";

export interface Spoken {
  readonly principal: string;
  /** As the session knows it, so that it stays who it is. */
  readonly instance: string;
  readonly takeNotices: () => readonly string[];
}

export function speakFor({ sessionId, workspaceDir }: Session, voice: Voice, { principal, instance, takeNotices }: Spoken): Coordination {
  return createCoordination({
    hearing: createHearing(),
    holds: () => false,
    adopt: () => undefined,
    membership: () =>
      Promise.resolve({ workspaceDir, sessionId, sidecarUri: `/session/${sessionId}`, principalId: principal, takeNotices }),
    query: (query) => voice.ask(query, principal),
    send: async (type, payload) => sentOf(await voice.say(principal, instance, type, payload)),
  });
}
