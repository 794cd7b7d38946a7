/**
 * The server that the official conformance suite runs its full lists against: tools, prompts and resources of the suite's own, on
 * the transport that the product has.
 */
import { randomBytes } from "node:crypto";
import {
  createRequestStateCodec,
  type GetPromptResult,
  inputRequired,
  type InputRequiredResult,
  inputResponse,
  type Prompt,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { PIXEL, text } from "./conformance-content.test.fixture.ts";
import { callOf, type Round, type Stage, TOOL_LIST } from "./conformance-tools.test.fixture.ts";

const states = createRequestStateCodec<Round>({ key: randomBytes(32), bind: (ctx) => ctx.mcpReq.method });

const STATIC = "test://static-text";
const BINARY = "test://static-binary";
const WATCHED = "test://watched-resource";
const TEMPLATE = "test://template/{id}/data";
const OF_TEMPLATE = /^test:\/\/template\/([^/]+)\/data$/;

function read(uri: string): ReadResourceResult {
  const plain = (content: string): ReadResourceResult => ({ contents: [{ uri, mimeType: "text/plain", text: content }] });
  if (uri === STATIC) return plain("This is the content of the static text resource.");
  if (uri === WATCHED) return plain("This is watched.");
  if (uri === BINARY) return { contents: [{ uri, mimeType: "image/png", blob: PIXEL }] };
  const id = OF_TEMPLATE.exec(uri)?.[1];
  if (id === undefined) throw new ResourceNotFoundError(uri);
  return {
    contents: [{ uri, mimeType: "application/json", text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }],
  };
}

const PROMPTS: readonly Prompt[] = [
  { name: "test_simple_prompt", description: "One sentence." },
  {
    name: "test_prompt_with_arguments",
    description: "A sentence with both arguments in it.",
    arguments: [
      { name: "arg1", description: "The first.", required: true },
      { name: "arg2", description: "The second.", required: true },
    ],
  },
  {
    name: "test_prompt_with_embedded_resource",
    description: "A resource and a sentence about it.",
    arguments: [{ name: "resourceUri", description: "The address of the resource.", required: true }],
  },
  { name: "test_prompt_with_image", description: "A picture and a sentence about it." },
  { name: "test_input_required_result_prompt", description: "Asks before it says anything." },
];

const says = (...content: readonly GetPromptResult["messages"][number]["content"][]): GetPromptResult => ({
  messages: content.map((part) => ({ role: "user", content: part })),
});

function prompt(name: string, args: Readonly<Record<string, string>>, ctx: ServerContext): GetPromptResult | InputRequiredResult {
  switch (name) {
    case "test_simple_prompt":
      return says(text("This is a simple prompt for testing."));
    case "test_prompt_with_arguments":
      return says(text(`Prompt with arguments: arg1='${args["arg1"]}', arg2='${args["arg2"]}'`));
    case "test_prompt_with_embedded_resource": {
      const resource = { uri: String(args["resourceUri"]), mimeType: "text/plain", text: "Embedded resource content for testing." };
      return says({ type: "resource", resource }, text("Please process the embedded resource above."));
    }
    case "test_prompt_with_image":
      return says({ type: "image", data: PIXEL, mimeType: "image/png" }, text("Please analyze the image above."));
    case "test_input_required_result_prompt": {
      const answer = inputResponse(ctx.mcpReq.inputResponses, "user_context");
      if (answer.kind === "elicit") return says(text(`With ${JSON.stringify(answer.content)}`));
      const requestedSchema = { type: "object" as const, properties: { context: { type: "string" as const } }, required: ["context"] };
      return inputRequired({
        inputRequests: { user_context: inputRequired.elicit({ message: "What context should the prompt use?", requestedSchema }) },
      });
    }
    default:
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no prompt ${name}`);
  }
}

/** A server of the suite, for one request or one session. */
export function conformanceServer(changed: Stage["changed"]): Server {
  const server = new Server(
    { name: "signalbox-conformance", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true },
        completions: {},
        logging: {},
      },
      requestState: { verify: (state, ctx) => states.verify(state, ctx) },
    },
  );
  server.setRequestHandler("tools/list", () => ({ tools: [...TOOL_LIST] }));
  server.setRequestHandler("tools/call", ({ params }, ctx) => {
    const call = callOf(params.name);
    if (call === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no tool ${params.name}`);
    return call({ ctx, states, changed }, params.arguments ?? {});
  });
  server.setRequestHandler("resources/list", () => ({
    resources: [
      { uri: STATIC, name: "static text", mimeType: "text/plain" },
      { uri: BINARY, name: "static binary", mimeType: "image/png" },
      { uri: WATCHED, name: "watched", mimeType: "text/plain" },
    ],
  }));
  server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: [{ uriTemplate: TEMPLATE, name: "template", mimeType: "application/json" }],
  }));
  server.setRequestHandler("resources/read", ({ params }) => read(params.uri));
  server.setRequestHandler("resources/subscribe", () => ({}));
  server.setRequestHandler("resources/unsubscribe", () => ({}));
  server.setRequestHandler("prompts/list", () => ({ prompts: [...PROMPTS] }));
  server.setRequestHandler("prompts/get", ({ params }, ctx) => prompt(params.name, params.arguments ?? {}, ctx));
  server.setRequestHandler("completion/complete", () => ({ completion: { values: [], hasMore: false } }));
  return server;
}
