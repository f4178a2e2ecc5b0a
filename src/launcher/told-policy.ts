/** What of the node's policy is told to the manager, so that people see it there: whole where it is short, never too long for a message. Pure. */
import type { NodePolicy } from "#launch/rules/credentials.ts";
import type { ToldPolicy } from "#link/messages.ts";

const mostRules = 100;
const mostFolders = 50;
const mostUids = 100;

export const toldPolicy = ({ namedUids, accounts, exclusive }: NodePolicy): ToldPolicy => ({
  namedUids: namedUids.slice(0, mostUids),
  accounts: accounts.slice(0, mostRules).map(({ user, folders, roles }) => ({ user, folders: folders.slice(0, mostFolders), roles })),
  exclusive,
  isCut: namedUids.length > mostUids || accounts.length > mostRules || accounts.some(({ folders }) => folders.length > mostFolders),
});
