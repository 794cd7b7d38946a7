/** The number that says whether a bridge and a sidecar understand each other. The format of records has its own, `RECORD_FORMAT`. */

/**
 * Rises when a bridge needs what an older sidecar does not do. A bridge works with any sidecar of its own number, older
 * or newer, and asks one with a lower number for a handover; it never asks one with a higher.
 */
export const CONTROL = 1;
