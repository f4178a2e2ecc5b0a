/**
 * In which order identity services are asked, and when that is a login (D35-D40, E8): a rule over a list of services and the
 * answers so far. What does not belong here: how a service finds out (`services/`).
 */

export type ServiceMode = "required" | "optional" | "disabled";

export interface ServiceEntry {
  readonly name: string;
  /** `local`; further kinds slot in beside it, one file each in `services/`. */
  readonly kind: string;
  /** Ascending (D39); equal numbers go by name. */
  readonly ordering: number;
  readonly mode: ServiceMode;
}

/**
 * `wrong`: unknown account or wrong proof, told apart by nobody. `blocked`: the proof was right, but the account may not sign in.
 * `unavailable`: the service could not answer.
 */
export type ServiceAnswer = "accepted" | "wrong" | "blocked" | "unavailable";

export interface Attempt {
  readonly service: string;
  readonly answer: ServiceAnswer;
}

export type LoginStep =
  | { readonly step: "ask"; readonly service: ServiceEntry }
  /** The services whose roles count, in their sequence; the first names the principal (D36, D37, E8). */
  | { readonly step: "accepted"; readonly services: readonly string[] }
  | { readonly step: "refused"; readonly reason: "wrong" | "blocked" | "unavailable" | "no-service"; readonly service: string | null };

/** The services that take part, in the order in which they are asked: with any required one enabled no optional one is (D35, D38, D39). */
export const loginSequence = (services: readonly ServiceEntry[]): readonly ServiceEntry[] => {
  const enabled = services.filter((service) => service.mode !== "disabled");
  const required = enabled.filter((service) => service.mode === "required");
  return (required.length > 0 ? required : enabled).toSorted(
    (a, b) => a.ordering - b.ordering || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
};

/** What to do next, given the answers so far. Each service is asked at most once. */
export const nextLoginStep = (services: readonly ServiceEntry[], attempts: readonly Attempt[]): LoginStep => {
  const sequence = loginSequence(services);
  const first = sequence[0];
  if (first === undefined) return { step: "refused", reason: "no-service", service: null };
  const answerOf = (service: ServiceEntry): ServiceAnswer | null =>
    attempts.find((attempt) => attempt.service === service.name)?.answer ?? null;
  const allNeeded = first.mode === "required";
  const accepted: string[] = [];
  let unavailable: string | null = null;
  for (const service of sequence) {
    const answer = answerOf(service);
    if (answer === null) return { step: "ask", service };
    if (answer === "accepted") {
      accepted.push(service.name);
      if (!allNeeded) break;
    } else if (answer === "blocked") return { step: "refused", reason: "blocked", service: service.name };
    else if (allNeeded) return { step: "refused", reason: answer, service: service.name };
    else if (answer === "unavailable") unavailable ??= service.name;
  }
  if (accepted.length > 0) return { step: "accepted", services: accepted };
  return unavailable === null
    ? { step: "refused", reason: "wrong", service: null }
    : { step: "refused", reason: "unavailable", service: unavailable };
};
