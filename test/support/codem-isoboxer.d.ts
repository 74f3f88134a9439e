declare module "codem-isoboxer" {
  const ISOBoxer: { parseBuffer(buffer: ArrayBufferLike): { fetchAll<T>(type: string): T[] } };
  export default ISOBoxer;
}
