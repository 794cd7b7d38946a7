/** What JSON can say: the type of everything that is recorded or sent. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json | undefined };
export type JsonObject = { readonly [member: string]: Json | undefined };
