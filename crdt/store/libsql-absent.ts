// In Cloudflare's runtime, which has no files, the place of the package `libsql` and its native code: package.json's "imports".

export default class NoDatabase {
  constructor(path: string) {
    throw new Error(`a Worker has no file "${path}": wanted a libSQL server's address`);
  }
}
