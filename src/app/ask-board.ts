/**
 * The session's own board, asked in this process by whoever takes part over HTTP: as a request to the bus would ask it, in the name
 * that the caller's credential proves.
 */
import { read } from "../client/bus.ts";
import type { BoardEdge } from "../edge/bus/board-edge.ts";
import type { Caller as BusCaller } from "../edge/bus/caller.ts";
import { routeOf } from "../edge/bus/paths.ts";
import { carryOut } from "../edge/bus/requests.ts";
import type { Caller } from "../edge/mcp/ports.ts";
import type { Inside } from "../edge/mpac/inside.ts";
import type { BusAnswer } from "../wire/bus/answer.ts";
import type { BusRequest } from "../wire/bus/requests.ts";
import { fingerprintsIn } from "./board.ts";

/** Issuers of credentials whose holder's name the operator has given. */
const HOLDERS: ReadonlySet<string> = new Set(["token-table", "key-table"]);

export function busCaller({ kind, name, identity }: Caller, principal: string): BusCaller {
  if (kind === "own") return { kind, principal };
  if (kind === "anybody" || identity === undefined) return { kind: "anybody" };
  // By a name that only a token's fingerprint makes, or that somebody has at an issuer, nobody is known.
  const isHolder = HOLDERS.has(identity.issuer) && name?.startsWith("mcp:") !== true;
  return { kind: "token", holder: isHolder ? name : undefined, fingerprint: identity.fingerprint };
}

interface BoardAsked {
  readonly request: BusRequest;
  readonly caller: BusCaller;
  readonly signal: AbortSignal | undefined;
}

/** What nobody sent has no headers. */
const NO_HEADERS = new Headers();

/** Nobody sends away who asks without waiting. */
const UNENDING = {
  get signal(): AbortSignal {
    return new AbortController().signal;
  },
};

/** As over HTTP, with as much of a request as is looked at: a whole one of its kind, with streams, takes longer than the rest. */
export async function askBoard(board: BoardEdge, inside: Inside, { request: asked, caller, signal }: BoardAsked): Promise<BusAnswer> {
  const { method, path, query = {}, body } = asked;
  const parts = path.map(encodeURIComponent);
  const found = routeOf(method, parts);
  if ("status" in found) return busAnswer(found);
  if ("status" in found.route) return busAnswer(found.route);
  if (found.route.name === "events") throw new Error("no tool follows the events of the bus");
  const url = `http://localhost/api/bus/${parts.join("/")}?${new URLSearchParams(query).toString()}`;
  const chunks = body === undefined ? null : [Buffer.from(JSON.stringify(body))];
  const answered = await carryOut(found.route, {
    request: { url, headers: NO_HEADERS, body: chunks },
    guest: signal === undefined ? UNENDING : { signal },
    caller,
    board,
    fingerprintsOf: (names) => inside.query((state) => fingerprintsIn(state, names)),
    writes: "open",
  });
  return busAnswer(answered);
}

function busAnswer({ status, body }: { readonly status: number; readonly body: object }): BusAnswer {
  return read({ status, text: JSON.stringify(body), location: undefined });
}
