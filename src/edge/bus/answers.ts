/** What a route of the bus answers: an object on success, and `{detail}` with the status of what went wrong. */
import type { JsonObject } from "../../wire/json.ts";
import type { Flaw } from "../../wire/bus/bodies.ts";
import { REFUSALS, type Rejection } from "../../wire/refusals.ts";

export interface Answer {
  readonly status: 200 | 202 | 400 | 401 | 403 | 404 | 405 | 409 | 410 | 413 | 422 | 423 | 429 | 501 | 503;
  readonly body: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

export const done = (body: JsonObject): Answer => ({ status: 200, body });

export const failed = (status: Answer["status"], detail: string, headers?: Answer["headers"]): Answer => ({
  status,
  body: { detail },
  ...(headers === undefined ? {} : { headers }),
});

export const invalid = (flaws: readonly Flaw[]): Answer => ({
  status: 422,
  body: { detail: flaws.map(({ loc, msg, type }) => ({ loc, msg, type })) },
});

export function refused({ code, message }: Rejection): Answer {
  return failed(REFUSALS[code].http, message);
}
