/**
 * What of the node's own files is told to the manager, so that people see it there: whole where it is short, never too long for a message.
 * They are kept, changed and applied on the node alone. Pure.
 */
import type { NodePolicy } from "#launch/rules/credentials.ts";
import type { ToldPolicy, ToldTable } from "#link/messages.ts";
import type { NodeTable } from "#nodes/rules/node-table.ts";

const mostRules = 100;
const mostFolders = 50;
const mostUids = 100;
const mostEntries = 200;

export const toldPolicy = ({ namedUids, accounts, exclusive }: NodePolicy): ToldPolicy => ({
  namedUids: namedUids.slice(0, mostUids),
  accounts: accounts.slice(0, mostRules).map(({ user, folders, roles }) => ({ user, folders: folders.slice(0, mostFolders), roles })),
  exclusive,
  isCut: namedUids.length > mostUids || accounts.length > mostRules || accounts.some(({ folders }) => folders.length > mostFolders),
});

export const toldTable = ({ entries }: NodeTable): ToldTable => ({
  entries: entries.slice(0, mostEntries).map(({ subject, roles }) => ({ subject, roles })),
  isCut: entries.length > mostEntries,
});
