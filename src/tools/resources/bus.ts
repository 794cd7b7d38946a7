/** What the resources of the board have in common: one question, and a bus that is not there or says no. */
import type { BusRequest } from "../../wire/bus/requests.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { ToolContext } from "../ports.ts";
import { plain } from "../quote.ts";

/** Most characters of a sentence about what is wrong. */
const MOST_SENTENCE = 600;

/** The members that the answer gives; or, in their place, why there are none: an empty list would say that nothing is there. */
export async function ofBus(
  { board, signal }: ToolContext,
  request: BusRequest,
  view: (body: JsonObject) => JsonObject,
): Promise<JsonObject> {
  const answer = await board.ask(request, signal);
  return answer.ok ? view(answer.body) : { unavailable: plain(answer.fault.message, MOST_SENTENCE) };
}
