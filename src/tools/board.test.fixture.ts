/** A bus for tests of the tools: it remembers what it was asked and says what a test puts into its mouth. */
import type { BusAnswer } from "../wire/bus/answer.ts";
import type { BusRequest } from "../wire/bus/requests.ts";
import type { JsonObject } from "../wire/json.ts";
import type { Board } from "./ports.ts";

export class TestBoard implements Board {
  readonly asked: BusRequest[] = [];
  answer: BusAnswer = { ok: true, body: {} };
  readonly #principal: string;

  constructor(principal: string) {
    this.#principal = principal;
  }

  gives(body: JsonObject): this {
    this.answer = { ok: true, body };
    return this;
  }

  /** With an HTTP status the bus said no, without one it was not there. */
  fails(message: string, statusCode?: number, reason?: string): this {
    const status = statusCode === undefined ? {} : { statusCode };
    const why = reason === undefined ? {} : { reason };
    this.answer = {
      ok: false,
      fault: { type: statusCode === undefined ? "bus_unreachable" : "bus_api_error", message, ...status, ...why },
    };
    return this;
  }

  async principal(): Promise<string> {
    return this.#principal;
  }

  async ask(request: BusRequest): Promise<BusAnswer> {
    this.asked.push(JSON.parse(JSON.stringify(request)) as BusRequest);
    return this.answer;
  }
}
