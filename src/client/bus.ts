/**
 * One question to a coordination bus over HTTP, ours or any other with bus-mcp's interface. What goes wrong is an answer,
 * never an error: whoever asks hands it on to a model.
 *
 * Each question has a connection of its own, and no redirect is followed: it would carry the secret elsewhere.
 */
import { request as plainRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import type { BusAnswer, BusFault } from "../wire/bus/answer.ts";
import type { BusRequest } from "../wire/bus/requests.ts";
import { isObject } from "../wire/json.ts";
import { sentenceOf } from "./faults.ts";

/** An answer of more bytes is not read to its end. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Mistakes that are told in words. */
const MOST_FLAWS = 5;

/** Most characters of the bus's own words about a failure. */
const MAX_DETAIL = 2_000;

export interface BusAddress {
  /** Its routes are below this one, which has no slash at its end. */
  readonly base: string;
  /** Goes into `Authorization`. */
  readonly token?: string | undefined;
  /** The caller's own name, for a bus that can judge it. */
  readonly principal?: string | undefined;
  /** Goes with writes. */
  readonly secret?: string | undefined;
  /** Milliseconds that an answer may take. */
  readonly limitMs: number;
}

/** Where a question went that nobody answered. */
export interface Asked {
  readonly answer: BusAnswer;
  /** Whether the connection broke or was refused, so that the bus may have moved: it was not silence that ended the wait. */
  readonly isBroken: boolean;
}

export async function askBus(at: BusAddress, asked: BusRequest, signal?: AbortSignal): Promise<Asked> {
  const { base, limitMs } = at;
  const limit = AbortSignal.timeout(limitMs + (asked.waitMs ?? 0));
  let response: Response;
  try {
    response = await fetchAnswer(at, asked, signal === undefined ? limit : AbortSignal.any([limit, signal]));
  } catch (cause) {
    const why = limit.aborted ? `no answer within ${(limitMs + (asked.waitMs ?? 0)) / 1_000} s` : sentenceOf(cause);
    return { answer: { ok: false, fault: unreachable(base, why) }, isBroken: !limit.aborted && signal?.aborted !== true };
  }
  return { answer: read(response), isBroken: false };
}

/** Nobody was reached at the address. */
export function unreachable(base: string, reason: string): BusFault {
  const ask = "is the Signalbox sidecar (or the bus that BUS_MCP_BASE_URL names) running with the bus routes loaded?";
  return { type: "bus_unreachable", message: `the coordination bus isn't reachable at ${withoutSecrets(base)} -- ${ask}`, reason };
}

export interface Response {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
}

function fetchAnswer({ base, token, principal, secret }: BusAddress, asked: BusRequest, signal: AbortSignal): Promise<Response> {
  const { method, path, query, body } = asked;
  const url = new URL(base);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const options: RequestOptions = {
    path: `${url.pathname.replace(/\/$/, "")}/${path.map(partOf).join("/")}${query === undefined ? "" : `?${new URLSearchParams(query).toString()}`}`,
    method,
    agent: false,
    signal,
    headers: {
      accept: "application/json",
      ...(text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(principal === undefined ? {} : { "x-signalbox-principal": encodeURIComponent(principal) }),
      ...(secret === undefined || method !== "POST" ? {} : { "x-bus-secret": secret }),
    },
  };
  const request = url.protocol === "https:" ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => void readWhole(response).then(resolve, reject));
    sent.on("error", reject);
    sent.end(text);
  });
}

/** One part of a path, also where its name is one that stands for another folder. */
function partOf(name: string): string {
  return /^\.\.?$/.test(name) ? name.replaceAll(".", "%2E") : encodeURIComponent(name);
}

async function readWhole(response: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`its answer has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8"), location: response.headers.location };
}

/** What an answer of the bus says to whoever asked. */
export function read({ status, text, location }: Response): BusAnswer {
  const apiError = (message: string, reason?: string): BusAnswer => ({
    ok: false,
    fault: { type: "bus_api_error", message, statusCode: status, ...(reason === undefined ? {} : { reason }) },
  });
  const json = parse(text);
  if (status >= 300) {
    const moved =
      location === undefined ? undefined : `it points to ${withoutSecrets(location).slice(0, MAX_DETAIL)}, and no redirect is followed`;
    return apiError(`bus returned ${status}: ${detailOf(json, text) ?? `HTTP ${status}`}`, moved ?? flawsIn(json));
  }
  if (text.trim() === "") return { ok: true, body: {} };
  if ("failed" in json) return apiError(`bus returned non-JSON content: ${json.failed}`);
  return isObject(json.value) ? { ok: true, body: json.value } : apiError("bus returned non-JSON content: it is no JSON object");
}

type Parsed = { readonly value: unknown } | { readonly failed: string };

function parse(text: string): Parsed {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (cause) {
    return { failed: sentenceOf(cause).slice(0, MAX_DETAIL) };
  }
}

/** The bus's own word on what is wrong: a sentence, or the list of mistakes that its framework makes. */
function detailOf(json: Parsed, text: string): string | undefined {
  const own = "value" in json && isObject(json.value) ? json.value["detail"] : undefined;
  const said = own === undefined ? text.trim() : typeof own === "string" ? own : JSON.stringify(own);
  if (said === "") return undefined;
  return said.length > MAX_DETAIL ? `${said.slice(0, MAX_DETAIL)}…` : said;
}

/** A list of mistakes as FastAPI writes it, in words. */
function flawsIn(json: Parsed): string | undefined {
  const detail: unknown = "value" in json && isObject(json.value) ? json.value["detail"] : undefined;
  if (!Array.isArray(detail)) return undefined;
  const flaws = detail.slice(0, MOST_FLAWS).flatMap((flaw: unknown) => {
    if (!isObject(flaw)) return [];
    const { loc, msg } = flaw;
    const place = Array.isArray(loc) ? String(loc.at(-1)) : "";
    return typeof msg === "string" ? [`${place === "" ? "" : `${place}: `}${msg}`.slice(0, 200)] : [];
  });
  return flaws.length === 0 ? undefined : flaws.join("; ");
}

/** The address as a model or a log may see it. */
function withoutSecrets(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.username === "" && url.password === "") return address;
  [url.username, url.password] = ["", ""];
  return url.href;
}
