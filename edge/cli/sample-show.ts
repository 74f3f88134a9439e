import * as v from "valibot";
import { ShowFile } from "../show-file.ts";
import file from "./shows/talent-final.json" with { type: "json" };

const { polls, ...show } = v.parse(ShowFile, file);
const [winner, ...others] = polls;
if (!winner) throw new Error("the sample show has no poll");

const allPolls: [typeof winner, ...typeof others] = [winner, ...others];

/** The show that `up` creates where there is none: what the README's five minutes go through. */
export const SAMPLE_SHOW = { ...show, polls: allPolls };
