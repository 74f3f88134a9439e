// The little of two parsers without types that is used here.

declare module "mux.js" {
  interface Stream<T> {
    push(bytes: Uint8Array): void;
    flush(): void;
    pipe<S extends Stream<unknown>>(next: S): S;
    on(event: "data", listener: (data: T) => void): void;
  }
  interface Metadata {
    readonly pts: number;
    readonly frames: readonly { readonly id: string; readonly description?: string; readonly value?: string }[];
  }
  const muxjs: {
    readonly mp2t: {
      readonly TransportPacketStream: new () => Stream<unknown>;
      readonly TransportParseStream: new () => Stream<unknown>;
      readonly ElementaryStream: new () => Stream<unknown>;
      readonly MetadataStream: new () => Stream<Metadata>;
    };
  };
  export default muxjs;
}

declare module "m3u8-parser" {
  export class Parser {
    push(text: string): void;
    end(): void;
    readonly manifest: { readonly dateRanges?: readonly { readonly id: string; readonly xRedbuttonCue?: string }[] };
  }
}
