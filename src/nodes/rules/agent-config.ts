/** What an agent is told at join: who it is and where to dial. Not a secret and no trust anchor: the launcher believes none of it. Pure. */
import { list, object, oneOf, readShape, text, type Shape } from "#kernel/shape.ts";
import type { Result } from "#kernel/result.ts";

export interface AgentConfig {
  readonly version: 1;
  readonly node: { readonly id: string; readonly name: string };
  readonly realm: { readonly id: string; readonly name: string };
  /** `host:port` of the agent listeners, tried in turn. */
  readonly controllers: readonly string[];
}

const id = text({ min: 1, max: 100, pattern: /^[A-Za-z0-9_.:-]+$/, expected: "an id" });
const name = text({ min: 1, max: 255 });
const address = text({ min: 3, max: 300, pattern: /^(?:\[[0-9A-Fa-f:.%]+\]|[^\s:/]+):\d{1,5}$/, expected: "`host:port`" });

const agentConfigShape: Shape<AgentConfig> = object({
  version: oneOf(1),
  node: object({ id, name }),
  realm: object({ id, name }),
  controllers: list(address, 20),
});

/** Reads the agent's configuration strictly. */
export const readAgentConfig = (value: unknown): Result<AgentConfig> => readShape(agentConfigShape, value, "the agent's configuration");
