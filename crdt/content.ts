/** A page of text and a picture are for whoever opens the application; a lower third is over everyone's picture. */
export const CONTENT_KINDS = ["page", "picture", "lower-third"] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

/** Something that a producer publishes: what receivers show beside the polls. */
export interface ContentItem {
  readonly id: string;
  readonly kind: ContentKind;
  readonly title: string;
  /** A page's text; a picture's alternative text. */
  readonly text: string;
  /** A picture's media type and key in the pictures of the board. */
  readonly mediaType?: string;
  readonly hash?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}
