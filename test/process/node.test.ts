import { smokeSuite } from "./smoke.ts";

smokeSuite("node");
