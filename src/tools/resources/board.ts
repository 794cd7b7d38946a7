/** `signalbox://board`: the newest messages of the blackboard, of all topics or of one. */
import type { JsonObject } from "../../wire/json.ts";
import { readMessages } from "../../wire/bus/requests.ts";
import { MessagesView } from "../../wire/bus/views.ts";
import type { ToolContext } from "../ports.ts";
import type { Resource, ResourceContent } from "../resource.ts";
import { ofBus } from "./bus.ts";
import { fitting, JSON_TYPE, jsonContent, OTHERS } from "./content.ts";
import { BOARD_TEMPLATE } from "./uri.ts";

/** Messages in one reading, and those among which topics are looked for. */
const MOST_MESSAGES = 50;
const MOST_LOOKED_AT = 200;

/** Longest topic that there can be. */
const MAX_TOPIC = 256;

export const board: Resource = {
  uri: "signalbox://board",
  name: "board",
  title: "Blackboard",
  description: "The newest messages that agents and people posted, of all topics, newest first.",
  mimeType: JSON_TYPE,
  profile: "lanes",
  read: (ctx, _values, uri) => newest(ctx, undefined, uri),
};

export const boardTopic: Resource = {
  uri: BOARD_TEMPLATE,
  name: "board_topic",
  title: "Blackboard by topic",
  description: "The newest messages of one topic, newest first; without a topic, of all.",
  mimeType: JSON_TYPE,
  profile: "lanes",
  read: (ctx, { topic }, uri) => newest(ctx, topic, uri),
  async complete(ctx, _place, begun) {
    const topics = new Set<string>();
    await ofBus(ctx, readMessages({ limit: MOST_LOOKED_AT }), (body) => {
      for (const { topic } of MessagesView.parse(body).messages) if (topic?.startsWith(begun) === true) topics.add(topic);
      return {};
    });
    return [...topics];
  },
};

async function newest(ctx: ToolContext, topic: string | undefined, uri: string): Promise<ResourceContent | undefined> {
  if (topic !== undefined && topic.length > MAX_TOPIC) return undefined;
  const members = await ofBus(ctx, readMessages({ topic, limit: MOST_MESSAGES }), (body) => {
    const { messages, before } = MessagesView.parse(body);
    const { items, left } = fitting(messages, MOST_MESSAGES);
    const isMore = left > 0 || before !== undefined;
    return { messages: items, ...(isMore ? { rest: "read_messages has whole messages and older ones" } : {}) };
  });
  return jsonContent(uri, { ...(topic === undefined ? {} : { topic }), ...members, note: OTHERS } satisfies JsonObject);
}
