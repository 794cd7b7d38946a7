/**
 * The coordination bus as a person at a terminal asks it: the one that BUS_MCP_BASE_URL names, else that of the session of
 * the workspace, here or elsewhere. No sidecar is started for that.
 */
import { askBus, type BusAddress } from "../client/bus.ts";
import { busLimitMs, namedBus, ownBus, remoteBus, writeSecret } from "../client/bus-settings.ts";
import type { FoundSidecar } from "../bridge/find-sidecar.ts";
import { gitUser } from "../git/head.ts";
import { quoted } from "../tools/quote.ts";
import type { BusAnswer } from "../wire/bus/answer.ts";
import type { BusRequest } from "../wire/bus/requests.ts";
import type { JsonObject } from "../wire/json.ts";
import { CommandFault } from "./fault.ts";
import { placeOf, remoteOf } from "./place.ts";
import { findRunning } from "./running.ts";
import { silent } from "./silent.ts";

/** Most characters of what a bus says about a failure. */
const MOST_SAID = 600;

export interface Bus {
  /** Whether it is that of a sidecar of this machine, which knows us for a person. */
  readonly isOurs: boolean;
  /** Whom git names where the workspace is. */
  readonly user: () => Promise<string | undefined>;
  /** @throws CommandFault when the bus says no or does not answer */
  ask(request: BusRequest): Promise<JsonObject>;
}

/** @throws CommandFault when there is none to ask */
export async function busOf(flag: string | undefined): Promise<Bus> {
  const named = namedBus(process.env);
  if (named !== undefined) return busAt({ base: named }, flag, false);
  const remote = remoteOf(process.env);
  if (remote !== undefined) return busAt({ base: remoteBus(remote), token: remote.token }, flag, false);
  const { main, store } = await placeOf(flag);
  const running = await findRunning(store, process.env);
  if (running.kind === "silent") throw silent(running);
  if (running.kind === "none") {
    const start = "start a coding client there, or `signalbox sidecar`, and run this again";
    throw new CommandFault("sidecar/no-answer", `no sidecar runs for ${main}, so nobody can be asked: ${start}`);
  }
  return busAt(addressOf(running.sidecar), flag, true);
}

/** How a sidecar of this user's is asked: by a person, for no agent. */
export function addressOf({ uri, token }: FoundSidecar): Pick<BusAddress, "base" | "token"> {
  return { base: ownBus(uri), token };
}

/** The answer of a bus, whatever it is. */
export async function answerOf(at: Pick<BusAddress, "base" | "token">, request: BusRequest): Promise<BusAnswer> {
  const { answer } = await askBus({ ...at, secret: writeSecret(process.env), limitMs: busLimitMs(process.env) }, request);
  return answer;
}

function busAt(at: Pick<BusAddress, "base" | "token">, flag: string | undefined, isOurs: boolean): Bus {
  return {
    isOurs,
    user: async () => {
      const place = await placeOf(flag).catch(() => undefined);
      return place === undefined ? undefined : gitUser(place.workspace).catch(() => undefined);
    },
    async ask(request) {
      const answer = await answerOf(at, request);
      if (answer.ok) return answer.body;
      const { type, message, statusCode, reason } = answer.fault;
      const said = reason === undefined ? message : statusCode === 422 ? `bus returned 422: ${reason}` : `${message} (${reason})`;
      const armed = statusCode === 401 ? ": set BUS_WRITE_SECRET, or the token, as the bus has it" : "";
      const code = type === "bus_unreachable" ? "sidecar/no-answer" : "bus/refused";
      throw new CommandFault(code, `${quoted(said, MOST_SAID).slice(1, -1)}${armed}`);
    },
  };
}
