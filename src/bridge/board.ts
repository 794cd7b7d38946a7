/**
 * Which coordination bus the tools talk to, and as whom: the one that BUS_MCP_BASE_URL names, else that of the session.
 *
 * The session's own is shown who asks and what lets it in; another bus learns neither. Where ours was restarted in the
 * meantime, and so may be at another address, it is asked once more: a write goes out under an id by which it happens once.
 */
import { type Asked, askBus, type BusAddress, unreachable } from "../client/bus.ts";
import { busLimitMs, namedBus, ownBus, remoteBus, writeSecret } from "../client/bus-settings.ts";
import { sentenceOf } from "../client/faults.ts";
import type { Remote } from "../client/remote.ts";
import { askOrGiveUp } from "../tools/giving-up.ts";
import type { Board } from "../tools/ports.ts";
import type { Coordination } from "../tools/ports/session.ts";
import type { BusAnswer } from "../wire/bus/answer.ts";
import type { BusRequest } from "../wire/bus/requests.ts";
import { isUnder } from "../wire/ids.ts";

/** Where the session's own bus is found. */
export type SessionBus =
  | {
      readonly kind: "own";
      /** What lets the bridge in at a sidecar, read anew each time. */
      readonly tokenAt: (uri: string) => Promise<string | undefined>;
      /** Where it would be, for a sentence that it is not. */
      readonly derivedPort: number;
    }
  | { readonly kind: "elsewhere"; readonly remote: Remote };

export interface BoardOptions {
  readonly coordination: Pick<Coordination, "membership" | "summary">;
  readonly bus: SessionBus;
  /** The bridge's principal, as far as no session has given it another name. */
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  readonly newId: () => string;
}

export function createBoard({ coordination, bus, name, env, newId }: BoardOptions): Board {
  const common = (): Pick<BusAddress, "secret" | "limitMs"> => ({ secret: writeSecret(env), limitMs: busLimitMs(env) });

  /** The session's own bus; joins first, because a lane of nobody who is there would count as left behind. */
  async function sessionBus(request: BusRequest): Promise<BusAddress> {
    const { sidecarUri, principalId } = await coordination.membership();
    const named = nameIn(request);
    const principal = named === undefined || isUnder(principalId, named) ? principalId : undefined;
    if (bus.kind === "elsewhere") return { ...common(), base: remoteBus(bus.remote), token: bus.remote.token, principal };
    return { ...common(), base: ownBus(sidecarUri), token: await bus.tokenAt(sidecarUri), principal };
  }

  async function askSession(request: BusRequest, signal: AbortSignal | undefined): Promise<BusAnswer> {
    const once = withRequestId(request, newId);
    try {
      const at = await sessionBus(once);
      const first = await askBus(at, once, signal);
      if (first.isBroken) return (await askAgain(once, signal)).answer;
      // A sidecar that has just started was asked with the token of the one before.
      const isRefused = !first.answer.ok && first.answer.fault.statusCode === 401;
      const now = isRefused ? await sessionBus(once) : at;
      return now.token === at.token ? first.answer : (await askBus(now, once, signal)).answer;
    } catch (cause) {
      const base = bus.kind === "elsewhere" ? remoteBus(bus.remote) : `http://127.0.0.1:${bus.derivedPort}/api/bus`;
      return { ok: false, fault: unreachable(base, sentenceOf(cause)) };
    }
  }

  async function askAgain(request: BusRequest, signal: AbortSignal | undefined): Promise<Asked> {
    await coordination.summary({ limit: 1 }); // answered over a connection that stands
    return askBus(await sessionBus(request), request, signal);
  }

  return {
    async principal() {
      return (await coordination.membership().catch(() => undefined))?.principalId ?? name;
    },
    async ask(request, signal) {
      const named = namedBus(env);
      if (named === undefined) return askOrGiveUp(askSession, request, signal);
      return (await askBus({ ...common(), base: named }, request, signal)).answer;
    },
  };
}

/** Whose name stands in the request: a caller may give another than its own, which nobody proves then. */
function nameIn({ body }: BusRequest): string | undefined {
  const name = body?.["owner"] ?? body?.["sender"];
  return typeof name === "string" ? name : undefined;
}

function withRequestId(request: BusRequest, newId: () => string): BusRequest {
  const { body } = request;
  if (body === undefined || body["client_request_id"] !== undefined) return request;
  return { ...request, body: { ...body, client_request_id: newId() } };
}
