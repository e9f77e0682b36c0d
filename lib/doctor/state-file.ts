/** A state file as a reader finds it. Readers never set one aside: that is for its writer. */
export type StateFile<T> = { readonly kind: 'absent' } | { readonly kind: 'broken'; readonly because: string } | { readonly kind: 'whole'; readonly value: T };
