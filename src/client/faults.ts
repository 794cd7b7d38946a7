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

/** The sidecar speaks another control protocol than this program. */
export class OtherControl extends SidecarUnavailable {
  /** Which numbers stand against each other. */
  readonly fact: string;

  constructor(fact: string, remedy: string) {
    super(`${fact}: ${remedy}`, { code: "sidecar/other-control" });
    this.fact = fact;
  }
}

/** Nobody comes in there without a token, or not with ours; said in the words for a sidecar of this machine. */
export class TokenRefused extends SidecarUnavailable {
  /** What the other side said. */
  readonly why: string;

  /** One that has just started may not have left its token yet, so that looking again may find it. */
  constructor({ uri, token }: { readonly uri: string; readonly token?: string | undefined }, why: string, cause?: unknown) {
    const what = token === undefined ? "wants the token of its discovery file, which this process cannot read" : "does not take our token";
    const remedy = "start the client as the user that started the sidecar";
    super(`the sidecar at ${uri} ${what} (${why}): ${remedy}`, { code: "connection/token-refused", cause, passing: true });
    this.why = why;
  }
}

/** What listens there answered the opening of a WebSocket with an HTTP status. */
export class UpgradeRefused extends Error {
  override readonly name = "UpgradeRefused";
  readonly code = "connection/upgrade-refused";
  readonly status: number;

  /** @param detail - what it said about that, in words */
  constructor(uri: string, status: number, detail?: string) {
    super(`${uri} answers with HTTP status ${status} and opens no WebSocket${detail === undefined ? "" : ` (${detail})`}`);
    this.status = status;
  }

  /** Whether it is for want of a token, or of a right one. */
  get isForToken(): boolean {
    return this.status === 401;
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
  if (!(cause instanceof Error)) return String(cause);
  // One that stands for several, as of a host with several addresses, has no message of its own.
  return cause.message || ("code" in cause && typeof cause.code === "string" ? cause.code : cause.name);
}
