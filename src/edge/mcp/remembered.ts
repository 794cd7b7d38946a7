/** What was worked out of a text, kept for the next one who asks: clients send the same with each request. */

/** Texts that are kept, and the UTF-16 units of one. */
const MAX_KEPT = 64;
const MAX_LENGTH = 512;

/** @param workOut - gives the same for the same text, always */
export function remembered<Result>(workOut: (text: string) => Result): (text: string) => Result {
  const kept = new Map<string, Result>();
  return (text) => {
    const standing = kept.get(text);
    if (standing !== undefined) return standing;
    const result = workOut(text);
    if (text.length > MAX_LENGTH) return result;
    const [oldest] = kept.keys();
    if (kept.size >= MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(text, result);
    return result;
  };
}
