/** One order of roles, so that of several equal reasons the same one is named, in whatever order roles are stored. */
import type { Role } from "#access/question.ts";

const before = (left: string, right: string): number => (left === right ? 0 : left < right ? -1 : 1);
/** E7: by service, then name, then id. */
export const compareRoles = (left: Role, right: Role): number =>
  before(left.service, right.service) || before(left.name, right.name) || before(left.id, right.id);
