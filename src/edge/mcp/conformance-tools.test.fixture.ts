/**
 * The tools that the official conformance suite wants of a server under test, each doing the one thing that a scenario looks at.
 * What a person is asked is asked one way in both eras: the SDK makes a request of it where the era is 2025.
 */
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  type CallToolResult,
  type ClientCapabilities,
  type InputRequest,
  inputRequired,
  type InputRequiredResult,
  inputResponse,
  MissingRequiredClientCapabilityError,
  type RequestStateCodec,
  type ServerContext,
  type Tool,
} from "@modelcontextprotocol/server";
import { setTimeout as pause } from "node:timers/promises";
import { ENUMS, DEFAULTS, SCHEMA_2020_12, text, WAV, PIXEL } from "./conformance-content.test.fixture.ts";

/** What a tool of the suite reaches beside its arguments. */
export interface Stage {
  readonly ctx: ServerContext;
  readonly states: RequestStateCodec<Round>;
  /** Tells who listens that a list is another one now. */
  readonly changed: { tools(): void; prompts(): void };
}

/** What is sealed between two rounds of one call. */
export interface Round {
  readonly step: number;
}

type Result = CallToolResult | InputRequiredResult;

interface Offered {
  readonly description: string;
  readonly inputSchema?: Tool["inputSchema"];
  readonly call: (stage: Stage, args: Readonly<Record<string, unknown>>) => Result | Promise<Result>;
}

const NOTHING: Tool["inputSchema"] = { type: "object" };
const oneText = (name: string): Tool["inputSchema"] => ({ type: "object", properties: { [name]: { type: "string" } }, required: [name] });

/** Milliseconds between two reports of a tool that takes its time, as the suite asks for. */
const BETWEEN_MS = 50;

const said = (words: string): CallToolResult => ({ content: [text(words)] });

/** A form with one member, as most scenarios put it. */
const form = (message: string, member: string, type: "string" | "boolean" = "string"): InputRequest => {
  const properties = { [member]: type === "string" ? { type } : { type } };
  return inputRequired.elicit({ message, requestedSchema: { type: "object", properties, required: [member] } });
};
const ask = (words: string): InputRequest =>
  inputRequired.createMessage({ messages: [{ role: "user", content: text(words) }], maxTokens: 100 });

/** What the client of this request says that it can do. */
const declared = (ctx: ServerContext): ClientCapabilities =>
  (ctx.mcpReq.envelope as { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities } | undefined)?.[CLIENT_CAPABILITIES_META_KEY] ??
  {};

/** Asks once for one thing under `key`, and says what came back. */
const askedOnce =
  (key: string, request: InputRequest) =>
  ({ ctx }: Stage): Result => {
    const view = inputResponse(ctx.mcpReq.inputResponses, key);
    if (view.kind === "missing") return inputRequired({ inputRequests: { [key]: request } });
    return said(JSON.stringify(view));
  };

/** As `askedOnce`, with a state that comes back sealed, or the call is refused. */
const askedWithState =
  (requests: Readonly<Record<string, InputRequest>>) =>
  async ({ ctx, states }: Stage): Promise<Result> => {
    const answers = Object.keys(requests).map((key) => inputResponse(ctx.mcpReq.inputResponses, key));
    const state = ctx.mcpReq.requestState<Round>();
    if (state === undefined || answers.some(({ kind }) => kind === "missing"))
      return inputRequired({ inputRequests: { ...requests }, requestState: await states.mint({ step: 1 }, ctx) });
    return said(`state-ok: ${JSON.stringify(answers)}`);
  };

async function inThreeRounds({ ctx, states }: Stage): Promise<Result> {
  const step = ctx.mcpReq.requestState<Round>()?.step ?? 0;
  const round = async (next: number, request: InputRequest): Promise<Result> =>
    inputRequired({ inputRequests: { [`step${next}`]: request }, requestState: await states.mint({ step: next }, ctx) });
  const isAnswered = acceptedContent(ctx.mcpReq.inputResponses, `step${step}`) !== undefined;
  if (step === 0 || (step === 1 && !isAnswered)) return round(1, form("Step 1: What is your name?", "name"));
  if (step === 1 || !isAnswered) return round(2, form("Step 2: What is your favorite color?", "color"));
  return said("all three rounds are done");
}

async function withProgress({ ctx }: Stage): Promise<Result> {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  for (const progress of [0, 50, 100]) {
    if (progress > 0) await pause(BETWEEN_MS);
    if (progressToken !== undefined)
      await ctx.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
  }
  return said("done after three reports");
}

async function withLog({ ctx }: Stage): Promise<Result> {
  for (const line of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
    await ctx.mcpReq.log("info", line);
    await pause(BETWEEN_MS);
  }
  return said("done after three lines");
}

/** Ends the stream of its own call: the client comes again for the rest. */
async function overTwoStreams({ ctx }: Stage): Promise<Result> {
  ctx.http?.closeSSE?.();
  await pause(BETWEEN_MS);
  return said("said on the second stream");
}

function wantsSampling({ ctx }: Stage): Result {
  if (declared(ctx).sampling === undefined) throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
  return said("the client can sample");
}

/** Asks for what the client says it can do, and for nothing else. */
function asMayBe({ ctx }: Stage): Result {
  const { elicitation, sampling, roots } = declared(ctx);
  const inputRequests = {
    ...(elicitation === undefined ? {} : { name: form("What is your name?", "name") }),
    ...(sampling === undefined ? {} : { greeting: ask("Generate a greeting") }),
    ...(roots === undefined ? {} : { roots: inputRequired.listRoots() }),
  };
  return Object.keys(inputRequests).length === 0 ? said("the client can do nothing") : inputRequired({ inputRequests });
}

const image = { type: "image", data: PIXEL, mimeType: "image/png" } as const;
const embedded = (uri: string, mimeType: string, content: string) =>
  ({ type: "resource", resource: { uri, mimeType, text: content } }) as const;

const TOOLS: Readonly<Record<string, Offered>> = {
  test_simple_text: { description: "Gives a text.", call: () => said("This is a simple text response for testing.") },
  test_image_content: { description: "Gives a picture.", call: () => ({ content: [image] }) },
  test_audio_content: { description: "Gives a sound.", call: () => ({ content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }] }) },
  test_embedded_resource: {
    description: "Gives a resource with what is in it.",
    call: () => ({ content: [embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")] }),
  },
  test_multiple_content_types: {
    description: "Gives a text, a picture and a resource.",
    call: () => ({
      content: [
        text("Multiple content types test:"),
        image,
        embedded("test://mixed-content-resource", "application/json", JSON.stringify({ test: "data", value: 123 })),
      ],
    }),
  },
  test_error_handling: {
    description: "Fails.",
    call: () => ({ ...said("This tool intentionally returns an error for testing"), isError: true }),
  },
  test_tool_with_progress: { description: "Reports its progress.", call: withProgress },
  test_tool_with_logging: { description: "Logs three lines.", call: withLog },
  test_logging_tool: { description: "Logs three lines, for those who want them.", call: withLog },
  test_reconnection: { description: "Ends the stream of its own call.", call: overTwoStreams },
  json_schema_2020_12_tool: { description: "Has a schema of 2020-12.", inputSchema: SCHEMA_2020_12, call: () => said("taken") },
  test_sampling: {
    description: "Asks the client's model.",
    inputSchema: oneText("prompt"),
    call: (stage, { prompt }) => askedOnce("answer", ask(String(prompt)))(stage),
  },
  test_elicitation: {
    description: "Asks for a name and an address.",
    inputSchema: oneText("message"),
    call: (stage, { message }) =>
      askedOnce(
        "who",
        inputRequired.elicit({
          message: String(message),
          requestedSchema: {
            type: "object",
            properties: {
              username: { type: "string", description: "User's response" },
              email: { type: "string", description: "User's email address" },
            },
            required: ["username", "email"],
          },
        }),
      )(stage),
  },
  test_elicitation_sep1034_defaults: {
    description: "Asks with defaults.",
    call: askedOnce("form", inputRequired.elicit({ message: "Is this right?", requestedSchema: DEFAULTS })),
  },
  test_elicitation_sep1330_enums: {
    description: "Asks for one and for several of some values.",
    call: askedOnce("form", inputRequired.elicit({ message: "Which?", requestedSchema: ENUMS })),
  },
  test_missing_capability: { description: "Wants a client that can sample.", call: wantsSampling },
  test_streaming_elicitation: { description: "Asks for a name.", call: askedOnce("name", form("What is your name?", "name")) },
  test_trigger_tool_change: {
    description: "Says that the tools are others now.",
    call: ({ changed }) => {
      changed.tools();
      return said("said");
    },
  },
  test_trigger_prompt_change: {
    description: "Says that the prompts are others now.",
    call: ({ changed }) => {
      changed.prompts();
      return said("said");
    },
  },
  test_input_required_result_elicitation: {
    description: "Asks for a name.",
    call: askedOnce("user_name", form("What is your name?", "name")),
  },
  test_input_required_result_sampling: {
    description: "Asks the client's model for a capital.",
    call: askedOnce("capital_question", ask("What is the capital of France?")),
  },
  test_input_required_result_list_roots: {
    description: "Asks for the client's roots.",
    call: askedOnce("client_roots", inputRequired.listRoots()),
  },
  test_input_required_result_request_state: {
    description: "Asks, and wants its state back.",
    call: askedWithState({ confirm: form("Please confirm", "ok", "boolean") }),
  },
  test_input_required_result_tampered_state: {
    description: "Asks, and wants its state back as it was.",
    call: askedWithState({ confirm: form("Please confirm", "ok", "boolean") }),
  },
  test_input_required_result_multiple_inputs: {
    description: "Asks for three things at once.",
    call: askedWithState({
      user_name: form("What is your name?", "name"),
      greeting: ask("Generate a greeting"),
      client_roots: inputRequired.listRoots(),
    }),
  },
  test_input_required_result_multi_round: { description: "Asks twice, one after the other.", call: inThreeRounds },
  test_input_required_result_capabilities: { description: "Asks for what the client can do.", call: asMayBe },
};

export const TOOL_LIST: readonly Tool[] = Object.entries(TOOLS).map(([name, { description, inputSchema = NOTHING }]) => ({
  name,
  description,
  inputSchema,
}));

/** Undefined: there is no such tool. */
export function callOf(name: string): Offered["call"] | undefined {
  return Object.hasOwn(TOOLS, name) ? TOOLS[name]?.call : undefined;
}
