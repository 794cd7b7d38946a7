/**
 * How whoever gives something to a caller is told whether it got there. That gives what is to be done where it turns out later that
 * nobody has read it; `isSure` is false where the last bytes alone, which say nothing, may have been left unread.
 */
export type Settle = (given: boolean) => ((isSure: boolean) => void) | undefined;
