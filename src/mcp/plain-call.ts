/**
 * A plain call of a tool, answered without a server of the SDK: a request that says what it must and nothing more, and whose
 * answer is a result. The SDK makes a server, two validations and a stream of each, which takes longer than most tools do
 * (docs/decisions/0022).
 *
 * Nothing is refused here. Whatever is not plain, and whatever is wrong with a call, is the SDK's to answer.
 */
import {
  classifyInboundRequest,
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  SERVER_INFO_META_KEY,
} from "@modelcontextprotocol/server";
import type { Ends } from "./ending.ts";
import type { Asked, AskedToCall, Called, Face } from "./face.ts";
import { canBeAsked, errorOf, hearWhatHasCome, type MakeServerOptions, serverInfoOf } from "./make-server.ts";
import { hasOnly, isId, isObject, type Members } from "./members.ts";
import { isMeta, MESSAGE, REVISION } from "./revision.ts";

export interface PlainCall {
  readonly id: string | number;
  readonly tool: string;
  readonly args: unknown;
}

/** What is known of the client of a call. */
export interface PlainClient {
  readonly clientName: string | undefined;
  readonly capabilities: object | undefined;
}

export interface PlainCalls {
  /** The call that a body of 2026-07-28 is; undefined for what is not plain. Over stdio there are no headers. */
  in2026(body: unknown, headers?: Pick<Headers, "get">): (PlainCall & PlainClient) | undefined;
}

const METHOD = "tools/call";
const PARAMS_2025: ReadonlySet<string> = new Set(["name", "arguments"]);
const PARAMS_2026: ReadonlySet<string> = new Set(["name", "arguments", "_meta"]);

/** Ways in which clients speak of themselves that are kept, and the characters of one. */
const MAX_KEPT = 64;
const MAX_KEPT_LENGTH = 4_096;

export function createPlainCalls(): PlainCalls {
  /** What clients said of themselves that the SDK found in order: each says the same with every request. */
  const inOrder = new Set<string>();

  function isInOrder(body: Members, meta: Members): boolean {
    const said = textOf(meta);
    if (said === undefined) return false;
    if (inOrder.has(said)) return true;
    if (said.length > MAX_KEPT_LENGTH || classifyInboundRequest({ httpMethod: "POST", body }).kind !== "modern") return false;
    const [oldest] = inOrder;
    if (inOrder.size >= MAX_KEPT && oldest !== undefined) inOrder.delete(oldest);
    inOrder.add(said);
    return true;
  }

  return {
    in2026(body, headers) {
      const call = callIn(body, PARAMS_2026);
      if (call === undefined) return undefined;
      const { _meta: meta } = call.params;
      if (!isMeta(meta)) return undefined;
      const says = (header: string, what: string): boolean => headers === undefined || headers.get(header) === what;
      if (!says("mcp-protocol-version", REVISION) || !says("mcp-method", METHOD) || !says("mcp-name", call.tool)) return undefined;
      if (!isInOrder(body as Members, meta)) return undefined;
      const client = meta[CLIENT_INFO_META_KEY] as { readonly name: string } | undefined;
      const { id, tool, args } = call;
      return { id, tool, args, clientName: client?.name, capabilities: meta[CLIENT_CAPABILITIES_META_KEY] as object };
    },
  };
}

/** Undefined for what is nested deeper than can be written: what was read may be. */
function textOf(meta: Members): string | undefined {
  try {
    return JSON.stringify(meta);
  } catch {
    return undefined;
  }
}

/** The call that a body of the era before is; undefined for what is not plain. */
export function plainCallIn2025(body: unknown): PlainCall | undefined {
  return callIn(body, PARAMS_2025);
}

function callIn(body: unknown, known: ReadonlySet<string>): (PlainCall & { readonly params: Members }) | undefined {
  if (!isObject(body) || !hasOnly(body, MESSAGE) || body["jsonrpc"] !== "2.0" || body["method"] !== METHOD) return undefined;
  const { id, params } = body;
  if (!isId(id) || !isObject(params) || !hasOnly(params, known)) return undefined;
  const { name, arguments: args } = params;
  if (typeof name !== "string" || !(args === undefined || (isObject(args) && !Object.hasOwn(args, "__proto__")))) return undefined;
  return { id, tool: name, args, params };
}

export type PlainOptions = Pick<MakeServerOptions, "carriesQuestions" | "whenSent" | "pages" | "report">;

export type AnswerPlainly = (
  call: PlainCall,
  client: PlainClient,
  asked: Pick<Asked, "era" | "visit">,
  ends: Ends,
) => Promise<object | undefined>;

/** A class, because there is one for each call: what looks up its signal stands once. */
class PlainlyAsked implements AskedToCall {
  readonly era: Asked["era"];
  readonly visit: unknown;
  readonly clientName: string | undefined;
  person = { canBeAsked: false };
  readonly progress = undefined;
  readonly #ends: Ends;

  constructor({ era, visit }: Pick<Asked, "era" | "visit">, clientName: string | undefined, ends: Ends) {
    this.era = era;
    this.visit = visit;
    this.clientName = clientName;
    this.#ends = ends;
  }

  get signal(): AbortSignal {
    return this.#ends.signal;
  }

  get isOver(): boolean {
    return this.#ends.isOver;
  }
}

/**
 * The message that answers a call, which the SDK's server of the same face would have given. Undefined: that one is to answer,
 * and nothing was done. So it is with a question to the person, which a tool asks before it does anything.
 */
export function answersPlainly(face: Face, options: PlainOptions): AnswerPlainly {
  const tools = new Set(face.lists.tools.map(({ name }) => name));
  const ofModern = { resultType: "complete", _meta: { [SERVER_INFO_META_KEY]: serverInfoOf(face) } };

  return async ({ id, tool, args }, { clientName, capabilities }, { era, visit }, ends) => {
    if (!tools.has(tool)) return undefined;
    if (clientName !== undefined) face.onHost?.(clientName);
    const asked = new PlainlyAsked({ era, visit }, clientName, ends);
    asked.person.canBeAsked = canBeAsked(capabilities, options, asked);
    let called: Called;
    try {
      called = await face.call(tool, args, asked);
    } catch (cause) {
      const { code, message, data } = errorOf(cause, METHOD, options.report);
      return { jsonrpc: "2.0", id, error: { code, message, ...(data === undefined ? {} : { data }) } };
    }
    if (called.outcome === "unknown-tool") return undefined;
    const { structured, text, isError, settle, asks } = called.result;
    if (asks !== undefined) {
      settle?.(false);
      return undefined;
    }
    if (settle !== undefined) {
      await hearWhatHasCome();
      options.whenSent({ id, visit }, (left) => settle(left && !(era === "legacy" && ends.isOver)));
    }
    const result = { content: [{ type: "text", text }], structuredContent: structured, isError };
    return { result: era === "legacy" ? result : Object.assign({}, result, ofModern), jsonrpc: "2.0", id };
  };
}
