/**
 * How talking to a sidecar ends when it does not end with its answer. The messages are sentences for whoever asked.
 */

/** No sidecar can be reached or started, or not one that this program can talk to. */
export class SidecarUnavailable extends Error {
  override readonly name = "SidecarUnavailable";
  readonly code: string;
  /** One sentence: what stands in the way, and what to do about it. */
  readonly sentence: string;
  /** Whether looking again by itself may help, without anybody doing anything. */
  readonly passing: boolean;

  constructor(sentence: string, options: { code?: string; cause?: unknown; passing?: boolean } = {}) {
    super(sentence, { cause: options.cause });
    this.sentence = sentence;
    this.code = options.code ?? "sidecar/unavailable";
    this.passing = options.passing ?? false;
  }
}

/** A command was sent and nobody has said what became of it. It may have been carried out, once or not at all. */
export class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";
  readonly code = "command/outcome-unknown";
  readonly messageType: string;
  readonly messageId: string;

  constructor(messageType: string, messageId: string, why: string, cause?: unknown) {
    super(`${messageType} was sent and ${why}: it may have been recorded; read the session again before you repeat it`, { cause });
    this.messageType = messageType;
    this.messageId = messageId;
  }
}

/** The sidecar answered a question with a sentence instead of an answer. */
export class QueryRefused extends Error {
  override readonly name = "QueryRefused";
  readonly code = "query/refused";
}

/** The sentence of any fault, for the place where a longer one quotes it. */
export function sentenceOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
