/** Ids that a model reads, several times in a result: no longer than they must be to be one of their kind. */
import { randomUUID } from "node:crypto";

/** Sixteen hexadecimal digits, each of them drawn. Node draws UUIDs by the hundred, and other random bytes each time anew. */
export function newShortId(): string {
  const drawn = randomUUID();
  return drawn.slice(0, 8) + drawn.slice(9, 13) + drawn.slice(-4);
}
