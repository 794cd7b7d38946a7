/** Which arrays of messages are served: those of the eras before 2026-07-28, over whichever transport. */
import { PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/server";

/** Messages of one array. */
const MAX_MESSAGES = 100;

/** Whether a message says that it is of 2026 or later; one that an array holds must not. */
export function claimsModern(message: unknown): boolean {
  const meta = (message as { readonly params?: { readonly _meta?: Readonly<Record<string, unknown>> } } | null)?.params?._meta;
  return typeof meta === "object" && meta !== null && PROTOCOL_VERSION_META_KEY in meta;
}

/**
 * Why none of these messages is served; undefined for those that each get an answer of their own.
 *
 * @param isModern - whether it is known without them that they are of 2026 or later
 */
export function unfitArray(messages: readonly unknown[], isModern: boolean): string | undefined {
  if (isModern || messages.some(claimsModern)) return "2026-07-28 has no arrays of messages; send each by itself";
  if (messages.length > MAX_MESSAGES) return `an array holds at most ${MAX_MESSAGES} messages; send more than one`;
  return messages.some(isInitial) ? "initialize is a message of its own, in no array" : undefined;
}

function isInitial(message: unknown): boolean {
  return (message as { readonly method?: unknown } | null)?.method === "initialize";
}
