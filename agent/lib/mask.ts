/** Replaces secrets in a text by stable placeholders such as `<secret:aws-key:1f3a>`; the same secret gets the same placeholder. */
export type Mask = (text: string) => Promise<string>
