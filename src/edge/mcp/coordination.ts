/** How the tools speak through a participant for a caller that may write, for one that may not, and for nobody. */
import { createCoordination } from "../../tools/coordination.ts";
import { askOrGiveUp } from "../../tools/giving-up.ts";
import { createHearing } from "../../tools/hearing.ts";
import type { Board } from "../../tools/ports.ts";
import type { Agents, Coordination } from "../../tools/ports/session.ts";
import type { BusAnswer } from "../../wire/bus/answer.ts";
import type { BusRequest } from "../../wire/bus/requests.ts";
import type { Caller } from "./ports.ts";
import type { Member } from "./visitor/member.ts";
import type { Place } from "./visitor/place.ts";
import { createVoice } from "./visitor/voice.ts";

/** Who takes no part goes by this name. */
export const ANONYMOUS = "anonymous";

/** As the participant, which says nothing for this caller. */
export function readingAs({ carrier }: Pick<Member, "carrier">, howToSignIn: string): Coordination {
  return createCoordination({ ...carrier, send: () => Promise.resolve(refused(howToSignIn)) });
}

/** As nobody. */
export function reading(place: Pick<Place, "session" | "visitorFiles">, howToSignIn: string): Coordination {
  const { session } = place;
  const voice = createVoice(
    place,
    () => undefined,
    () => 0,
  );
  return createCoordination({
    hearing: createHearing(),
    holds: () => false,
    adopt: () => undefined,
    membership: () =>
      Promise.resolve({
        workspaceDir: session.workspaceDir,
        sessionId: session.sessionId,
        sidecarUri: `/session/${session.sessionId}`,
        principalId: ANONYMOUS,
        takeNotices: () => [],
      }),
    query: (query) => voice.ask(query, undefined),
    send: () => Promise.resolve(refused(howToSignIn)),
  });
}

/** Whoever takes no part has no sub-agents. */
export function noAgents(coordination: Coordination): Agents {
  return {
    as: () => Promise.resolve(coordination),
    holding: () => Promise.resolve(coordination),
    named: () => Promise.resolve(undefined),
  };
}

function refused(howToSignIn: string) {
  return { ok: false, rejection: { code: "credential/rejected", message: howToSignIn } } as const;
}

/** Requests of the bus that change nothing. */
function isReading({ method, path }: BusRequest): boolean {
  return method === "GET" || path.at(-1) === "check";
}

/** The session's own bus. With a write its participant joins first: a lane of nobody who is there would count as left behind. */
export function createBoard(place: Place, caller: Caller, member: Member | undefined, howToSignIn: string): Board {
  const principal = (): string => member?.principal ?? ANONYMOUS;
  const failed = (statusCode: number, message: string): BusAnswer => ({
    ok: false,
    fault: { type: "bus_api_error", message: `bus returned ${statusCode}: ${message}`, statusCode },
  });
  return {
    principal: () => Promise.resolve(principal()),
    async ask(request, signal) {
      if (isReading(request)) return place.askBoard(request, caller, principal(), signal);
      if (member === undefined || !caller.mayWrite) return failed(401, howToSignIn);
      const rejection = await member.join();
      if (rejection !== undefined) return failed(409, rejection.message);
      return askOrGiveUp((asked, until) => place.askBoard(asked, caller, principal(), until), request, signal);
    },
  };
}
