/**
 * What a host may look through beside the tools: resources and who follows them, prompts, and the values that their places may have.
 */
import { ProtocolError, ProtocolErrorCode, type CompleteRequestParams, type Server } from "@modelcontextprotocol/server";
import type { Asked, Face } from "./face.ts";
import type { Answer, MakeServerOptions } from "./make-server.ts";
import { invalid, noPrompt, noReference, noResource, onePage } from "./refusals.ts";

/** Values of one completion; the protocol allows no more. */
const MAX_VALUES = 100;

/** How hosts of one server before ours spell it, in the era before 2026-07-28. */
const OTHER_SPELLING = "completions/complete";

type Options = Pick<MakeServerOptions, "era" | "subscriptions">;

export function serveCatalogue(server: Server, face: Face, options: Options, answer: Answer): void {
  const { resources, prompts } = face.lists;
  if (resources.length > 0) serveResources(server, face, options, answer);
  if (prompts.length > 0) servePrompts(server, face, answer);
  if (resources.length + prompts.length > 0) serveCompletion(server, face, options, answer);
}

function serveResources(server: Server, face: Face, { subscriptions }: Options, answer: Answer): void {
  const { resources } = face.lists;
  const isTemplate = ({ uri }: { readonly uri: string }) => uri.includes("{");
  server.setRequestHandler("resources/list", ({ params }, ctx) =>
    answer(ctx, () => {
      const listed = resources.filter((resource) => !isTemplate(resource)).map((resource) => ({ ...resource }));
      return onePage({ resources: listed }, params);
    }),
  );
  server.setRequestHandler("resources/templates/list", ({ params }, ctx) =>
    answer(ctx, () => {
      const listed = resources.filter(isTemplate).map(({ uri, ...rest }) => ({ uriTemplate: uri, ...rest }));
      return onePage({ resourceTemplates: listed }, params);
    }),
  );
  server.setRequestHandler("resources/read", ({ params: { uri } }, ctx) =>
    answer(ctx, async (asked) => {
      const read = await face.read(uri, asked);
      if (read === undefined) throw noResource(uri);
      if ("unavailable" in read) throw new ProtocolError(ProtocolErrorCode.InternalError, read.unavailable);
      return { contents: read.map((content) => ({ ...content })) };
    }),
  );
  if (subscriptions === undefined) return;
  server.setRequestHandler("resources/subscribe", ({ params: { uri } }, ctx) =>
    answer(ctx, async (asked) => {
      if (face.knows !== undefined && !(await face.knows(uri, asked))) throw noResource(uri);
      const subscribed = await subscriptions.subscribe(uri, asked);
      if (subscribed !== undefined) throw invalid(subscribed.refused);
      return {};
    }),
  );
  server.setRequestHandler("resources/unsubscribe", ({ params: { uri } }, ctx) =>
    answer(ctx, async (asked) => {
      await subscriptions.unsubscribe(uri, asked);
      return {};
    }),
  );
}

function servePrompts(server: Server, face: Face, answer: Answer): void {
  const { prompts } = face.lists;
  server.setRequestHandler("prompts/list", ({ params }, ctx) =>
    answer(ctx, () => {
      const listed = prompts.map((prompt) => ({ ...prompt, arguments: prompt.arguments.map((argument) => ({ ...argument })) }));
      return onePage({ prompts: listed }, params);
    }),
  );
  server.setRequestHandler("prompts/get", ({ params }, ctx) =>
    answer(ctx, async (asked) => {
      const prompt = prompts.find(({ name }) => name === params.name);
      if (prompt === undefined) throw noPrompt(params.name, face.lists);
      const filled = await face.prompt(prompt.name, params.arguments ?? {}, asked);
      if ("refused" in filled) throw invalid(filled.refused);
      if ("unavailable" in filled) throw new ProtocolError(ProtocolErrorCode.InternalError, filled.unavailable);
      return { description: prompt.description, messages: [{ role: "user", content: { type: "text", text: filled.text } }] };
    }),
  );
}

function serveCompletion(server: Server, face: Face, { era }: Options, answer: Answer): void {
  const { resources, prompts } = face.lists;
  async function complete({ ref, argument }: CompleteRequestParams, asked: Asked) {
    if (ref.type === "ref/prompt" && prompts.every(({ name }) => name !== ref.name)) throw noPrompt(ref.name, face.lists);
    if (ref.type === "ref/resource" && resources.every(({ uri }) => uri !== ref.uri)) throw noReference(ref.uri);
    const what = ref.type === "ref/prompt" ? { kind: "prompt" as const, name: ref.name } : { kind: "resource" as const, name: ref.uri };
    const values = await face.complete(what, argument.name, argument.value, asked);
    return { completion: { values: values.slice(0, MAX_VALUES), hasMore: values.length > MAX_VALUES } };
  }
  server.setRequestHandler("completion/complete", ({ params }, ctx) => answer(ctx, (asked) => complete(params, asked)));
  if (era === "modern") return;
  server.fallbackRequestHandler = ({ method, params }, ctx) =>
    answer(ctx, (asked) => {
      if (method !== OTHER_SPELLING) throw new ProtocolError(ProtocolErrorCode.MethodNotFound, "Method not found");
      if (!isCompletion(params)) throw invalid("a completion names a ref, and an argument with its name and value");
      return complete(params, asked);
    });
}

function isCompletion(params: unknown): params is CompleteRequestParams {
  const { ref, argument } = (params ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>> | null | undefined>>;
  const isNamed = (ref?.["type"] === "ref/prompt" && isText(ref["name"])) || (ref?.["type"] === "ref/resource" && isText(ref["uri"]));
  return isNamed && isText(argument?.["name"]) && isText(argument?.["value"]);
}

const isText = (value: unknown): boolean => typeof value === "string";
