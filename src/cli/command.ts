/** How a command file adds itself: it gets the program and `act`, which hands its action a context. */
import type { Command } from "commander";
import type { Context } from "#cli/context.ts";

export type Act = (action: (context: Context, ...rest: never[]) => Promise<void>) => (...all: unknown[]) => Promise<void>;
export type AddCommand = (program: Command, act: Act) => void;
