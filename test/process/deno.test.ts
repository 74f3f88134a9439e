import { smokeSuite } from "./smoke.ts";

smokeSuite("deno");
