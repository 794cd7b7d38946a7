/**
 * The SDK's server, exact where that one is not: parameters that are none are the client's mistake and no fault of ours, a resource
 * that is not there has a code of its own before 2026-07-28, and since then each request says its revision, over stdio as well.
 */
import {
  PROTOCOL_VERSION_META_KEY,
  ProtocolErrorCode,
  Server,
  UnsupportedProtocolVersionError,
  type Implementation,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type Result,
  type ServerContext,
  type ServerOptions,
  type Transport,
} from "@modelcontextprotocol/server";
import type { Asked } from "./face.ts";
import { isObject } from "./members.ts";
import { invalid } from "./refusals.ts";
import { REVISION } from "./revision.ts";

/** As 2025-11-25 and those before have it. */
const RESOURCE_NOT_FOUND = -32_002;

/** Most mistakes in one sentence. */
const LISTED = 5;

type Handler = (request: JSONRPCRequest, ctx: ServerContext) => Promise<Result>;

export class ExactServer extends Server {
  readonly #era: Asked["era"];

  constructor(info: Implementation, options: ServerOptions, era: Asked["era"]) {
    super(info, options);
    this.#era = era;
  }

  override connect(transport: Transport): Promise<void> {
    if (this.#era === "legacy") {
      const send = transport.send.bind(transport);
      transport.send = (message, options) => send(withOldCode(message), options);
    }
    return super.connect(transport);
  }

  protected override _wrapHandler(method: string, handler: Handler): Handler {
    const checked = super._wrapHandler(method, handler);
    return async (request, ctx) => {
      const requested = (ctx.mcpReq.envelope as Readonly<Record<string, unknown>> | undefined)?.[PROTOCOL_VERSION_META_KEY];
      if (this.#era === "modern" && typeof requested === "string" && requested !== REVISION) {
        throw new UnsupportedProtocolVersionError({ supported: [REVISION], requested });
      }
      try {
        return await checked(request, ctx);
      } catch (cause) {
        const mistakes = mistakesIn(cause);
        throw mistakes === undefined ? cause : invalid(`${method} does not take these parameters: ${mistakes}`);
      }
    };
  }
}

/** The SDK says of a resource that is not there what 2026-07-28 says, and tells it from all else by its data. */
function withOldCode(message: JSONRPCMessage): JSONRPCMessage {
  if (!("error" in message)) return message;
  const { code, data } = message.error;
  const isNotFound = code === ProtocolErrorCode.InvalidParams && isObject(data) && Object.keys(data).join() === "uri";
  return isNotFound ? { ...message, error: { ...message.error, code: RESOURCE_NOT_FOUND } } : message;
}

/** How the SDK throws what its schemas found: as a text of JSON, of a call behind these words. */
const FOUND = /^(?:Invalid tools\/call request: )?(\[\n[^]*\n\])$/;

type Issues = readonly { readonly path: readonly (string | number)[]; readonly message: string }[];

/** Undefined for whatever else was thrown. */
function mistakesIn(cause: unknown): string | undefined {
  const [, found] = (cause instanceof Error && FOUND.exec(cause.message)) || [];
  if (found === undefined) return undefined;
  return (JSON.parse(found) as Issues)
    .slice(0, LISTED)
    .map(({ path, message }) => `${path.join(".")}: ${message}`)
    .join("; ");
}
