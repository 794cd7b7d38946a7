/** A sidecar as clients of its bus meet it: over HTTP, as the caller that a test names. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { startHosted } from "./hosted.ts";
import { findPlace, startSidecar } from "./sidecar.ts";
import { readHostedConfig, readSidecarConfig } from "../config.ts";
import { readDiscovery } from "../git/discovery-file.ts";
import { hostedStore } from "../git/hosted-store.ts";
import { type Scratch, scratchFolder } from "../git/scratch.test.fixture.ts";
import { createLog } from "../log.ts";
import type { Sidecar } from "./service.ts";

export type Body = Record<string, unknown>;

export interface Answered {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

export interface BusClient {
  readonly base: string;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  get(path: string, headers?: Record<string, string>): Promise<Answered>;
  ask(method: string, path: string, init?: RequestInit): Promise<Answered>;
}

export function busClient(base: string): BusClient {
  const ask = async (method: string, path: string, init: RequestInit = {}): Promise<Answered> => {
    const answer = await fetch(`${base}${path}`, { method, redirect: "error", ...init });
    const text = await answer.text();
    return { status: answer.status, body: (text === "" ? {} : JSON.parse(text)) as Body, headers: answer.headers };
  };
  return {
    base,
    ask,
    post: (path, body = {}, headers = {}) =>
      ask("POST", path, {
        body: typeof body === "string" ? body : JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      }),
    get: (path, headers = {}) => ask("GET", path, { headers }),
  };
}

export interface BusSidecar extends AsyncDisposable {
  readonly sidecar: Sidecar;
  readonly bus: BusClient;
  readonly token: string;
  /** What our own bridge sends for a principal. */
  bridge(principal: string): Record<string, string>;
}

/** The sidecar of a repository. */
export async function busSidecar(workspace: string, env: Record<string, string> = {}): Promise<BusSidecar> {
  const config = readSidecarConfig({ workspace, port: "0" }, env);
  const place = await findPlace(config, workspace);
  const sidecar = await startSidecar(config, place, createLog("silent"));
  const { token = "" } = (await readDiscovery(place.store)) ?? {};
  return {
    sidecar,
    token,
    bus: busClient(`http://127.0.0.1:${sidecar.port}/api/bus`),
    bridge: (principal) => ({ authorization: `Bearer ${token}`, "x-signalbox-principal": encodeURIComponent(principal) }),
    [Symbol.asyncDispose]: () => sidecar[Symbol.asyncDispose](),
  };
}

/** For `beforeAll`: what all tests of a file share, gone behind the last of them. */
export function shared<Opened extends AsyncDisposable>(
  open: (scratch: Scratch) => Promise<Opened>,
  keep: (opened: Opened, scratch: Scratch) => void,
): () => Promise<() => Promise<void>> {
  return async () => {
    const scratch = await scratchFolder();
    const opened = await open(scratch);
    keep(opened, scratch);
    return async () => {
      await opened[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    };
  };
}

export const inRepository = async (scratch: Scratch): Promise<BusSidecar> => busSidecar(await scratch.repository("repo"));

/** One that serves many sessions, to bearers of the tokens of `table`. */
export async function busHosted(store: string, table: object) {
  const config = readHostedConfig({ multiSession: true, port: "0", store }, { MPAC_TOKEN_TABLE: JSON.stringify(table) });
  const sidecar = await startHosted(config, await hostedStore(config.store), createLog("silent"));
  return {
    sidecar,
    bus: (session: string) => busClient(`http://127.0.0.1:${sidecar.port}/session/${session}/api/bus`),
    [Symbol.asyncDispose]: () => sidecar[Symbol.asyncDispose](),
  };
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Joins the session as a participant. */
export async function joined(uri: string, principal: string, token?: string) {
  const socket = new WebSocket(uri);
  await once(socket, "open");
  const say = (type: string, payload: object): void => {
    const sender = { principal_id: principal, principal_type: "agent", sender_instance_id: `${principal}:1` };
    socket.send(JSON.stringify({ message_type: type, message_id: `${principal} ${type}`, sender, ts: new Date().toISOString(), payload }));
  };
  const answered = once(socket, "message");
  say("HELLO", token === undefined ? {} : { credential: { type: "bearer_token", value: token } });
  await answered;
  return {
    socket,
    leave: () => say("GOODBYE", {}),
    /** Its connection ends without a word. */
    die: () => socket.terminate(),
    [Symbol.dispose]: () => socket.terminate(),
  };
}
