// Before any test: the pages as they stand in the sources.
import { buildPages } from "../../edge/cli/pages/build.ts";

export default async function setup(): Promise<void> {
  await buildPages();
}
