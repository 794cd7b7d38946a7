/** `post_message`: writes on the blackboard. */
import * as z from "zod";
import { postMessage as request } from "../wire/bus/requests.ts";
import { MessageView } from "../wire/bus/views.ts";
import { askBoard, busOutput } from "./bus-result.ts";
import { called } from "./quote.ts";
import { clientRequestId } from "./once.ts";
import { defineTool } from "./tool.ts";

export const postMessage = defineTool({
  name: "post_message",
  title: "Post a message",
  description: "Writes to the blackboard that all agents and people here read, by topic. Nothing is executed; nobody is interrupted.",
  profile: "lanes",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false },
  input: {
    topic: z.string().min(1).max(256),
    sender: z.string().min(1).max(256).optional().describe("Default: you."),
    body: z.string().max(65_536),
    action_flag: z.boolean().default(false).describe("A person has to do something about it."),
    client_request_id: clientRequestId(),
  },
  output: busOutput("id", "topic", "sender", "posted_at"),
  async handler(ctx, { topic, sender, body, action_flag, client_request_id }) {
    const message = { topic, sender: sender ?? (await ctx.board.principal()), body, action_flag, client_request_id };
    return askBoard(ctx, {
      tool: "post_message",
      request: request(message),
      render(stored) {
        const { id, sender: as = message.sender } = MessageView.parse(stored);
        const what = `message${id === undefined ? "" : ` ${called(String(id))}`}`;
        const person = id === undefined ? "" : ` with \`signalbox board ack ${called(String(id))}\``;
        return {
          lines: [
            `ok: ${what} stands in ${called(topic)}, by ${called(as)}.`,
            ...(action_flag ? [`It is shown as waiting until a person acknowledges it${person}.`] : []),
          ],
          next: [{ tool: "read_messages", arguments: { topic }, why: "later, to see answers" }],
        };
      },
    });
  },
});
