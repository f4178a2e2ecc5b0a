import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { loginSequence, nextLoginStep, type Attempt, type ServiceAnswer, type ServiceEntry } from "#identity/rules/login-pipeline.ts";

const service = (name: string, mode: ServiceEntry["mode"], ordering: number): ServiceEntry => ({ name, kind: "local", mode, ordering });

/** Runs the pipeline against fixed answers; returns the services asked and the end. */
const run = (
  services: readonly ServiceEntry[],
  answers: Readonly<Record<string, ServiceAnswer>>,
): { asked: string[]; end: string; names: readonly string[] } => {
  const attempts: Attempt[] = [];
  for (;;) {
    const step = nextLoginStep(services, attempts);
    if (step.step === "ask") attempts.push({ service: step.service.name, answer: answers[step.service.name] ?? "wrong" });
    else
      return {
        asked: attempts.map((attempt) => attempt.service),
        end: step.step === "accepted" ? "accepted" : step.reason,
        names: step.step === "accepted" ? step.services : [],
      };
  }
};

test("D35: with a required service enabled no optional one is asked, and all required ones must accept", () => {
  const services = [service("opt", "optional", 1), service("b", "required", 3), service("a", "required", 2)];
  assert.deepEqual(run(services, { a: "accepted", b: "accepted", opt: "accepted" }), {
    asked: ["a", "b"],
    end: "accepted",
    names: ["a", "b"],
  });
  assert.deepEqual(run(services, { a: "accepted", b: "wrong", opt: "accepted" }), { asked: ["a", "b"], end: "wrong", names: [] });
  assert.deepEqual(run(services, { a: "wrong", b: "accepted" }).asked, ["a"]);
  assert.equal(run(services, { a: "accepted", b: "unavailable" }).end, "unavailable");
});

test("D36: the roles of all required services count, in their sequence", () => {
  assert.deepEqual(run([service("z", "required", 1), service("a", "required", 2)], { z: "accepted", a: "accepted" }).names, ["z", "a"]);
});

test("D37: of optional services the first success is the login, and a wrong password goes on to the next (E8)", () => {
  const services = [service("local", "optional", 1), service("ldap", "optional", 2), service("late", "optional", 3)];
  assert.deepEqual(run(services, { local: "wrong", ldap: "accepted", late: "accepted" }), {
    asked: ["local", "ldap"],
    end: "accepted",
    names: ["ldap"],
  });
  assert.equal(run(services, {}).end, "wrong");
});

test("E8: a blocked account stops, whatever later services would say", () => {
  assert.deepEqual(run([service("a", "optional", 1), service("b", "optional", 2)], { a: "blocked", b: "accepted" }), {
    asked: ["a"],
    end: "blocked",
    names: [],
  });
});

test("D37: a service that cannot answer is passed over, but not taken for a wrong password", () => {
  const services = [service("a", "optional", 1), service("b", "optional", 2)];
  assert.equal(run(services, { a: "unavailable", b: "accepted" }).end, "accepted");
  assert.equal(run(services, { a: "unavailable", b: "wrong" }).end, "unavailable");
});

test("D38: disabled services are never asked; without any other nobody gets in", () => {
  assert.deepEqual(run([service("a", "disabled", 1), service("b", "optional", 2)], { a: "accepted", b: "wrong" }).asked, ["b"]);
  assert.equal(run([service("a", "disabled", 1)], { a: "accepted" }).end, "no-service");
  assert.equal(run([], {}).end, "no-service");
  assert.deepEqual(run([service("r", "disabled", 1), service("o", "optional", 2)], { o: "accepted" }).names, ["o"]);
});

test("D39: services are asked by ascending ordering, then by name", () => {
  const services = [service("c", "optional", 2), service("b", "optional", 10), service("a", "optional", 10), service("d", "optional", -1)];
  assert.deepEqual(
    loginSequence(services).map((one) => one.name),
    ["d", "c", "a", "b"],
  );
});

test("D35-D39: for any services and answers, nobody is asked twice, and an acceptance is one of those asked", () => {
  const entry = fc.record({
    name: fc.constantFrom("a", "b", "c", "d", "e"),
    kind: fc.constant("local"),
    ordering: fc.integer({ min: 0, max: 3 }),
    mode: fc.constantFrom("required" as const, "optional" as const, "disabled" as const),
  });
  const answers = fc.dictionary(
    fc.constantFrom("a", "b", "c", "d", "e"),
    fc.constantFrom("accepted" as const, "wrong" as const, "blocked" as const, "unavailable" as const),
  );
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: (one) => one.name }), answers, (services, given) => {
      const { asked, end, names } = run(services, given);
      assert.equal(new Set(asked).size, asked.length);
      if (end !== "accepted") return;
      for (const name of names) assert.equal(given[name], "accepted");
      const required = services.filter((one) => one.mode === "required");
      if (required.length > 0) assert.deepEqual(new Set(names), new Set(required.map((one) => one.name)));
      else assert.equal(names.length, 1);
    }),
  );
});
