/**
 * A question to our own bus whose caller may stop waiting: what it waits for is given up then, and its answer is awaited all the
 * same, because its turn may have come in that moment. Only who hears of that can give it back.
 */
import type { BusAnswer } from "../wire/bus/answer.ts";
import type { BusRequest } from "../wire/bus/requests.ts";

/** How often it is given up until it is answered, in milliseconds: the first time may come before there is a place. */
const EVERY_MS = 250;

/** @param ask - carries a question to its answer; a reading one may end with the signal */
export async function askOrGiveUp(
  ask: (request: BusRequest, signal: AbortSignal | undefined) => Promise<BusAnswer>,
  request: BusRequest,
  signal: AbortSignal | undefined,
): Promise<BusAnswer> {
  const { unasked } = request;
  if (request.method === "GET") return ask(request, signal);
  if (unasked === undefined || signal === undefined) return ask(request, undefined);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAnswered = false;
  const giveUp = (): void => {
    void ask(unasked, undefined)
      .catch(() => undefined)
      .then(() => {
        if (!isAnswered) timer = setTimeout(giveUp, EVERY_MS);
      });
  };
  const asked = ask(request, undefined);
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await asked;
  } finally {
    isAnswered = true;
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}
