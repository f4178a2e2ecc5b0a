/**
 * The folder of a part that gets an account of its own, another one, or none any more: everything in it becomes that account's, so that an instance can be
 * separated, and joined again, at any start (S12). What does not belong here: which account.
 *
 * SECURITY: the account that had it may still have processes there. Each folder is taken away from it (root's, 0700) before it is looked into, links are
 * given away themselves, never what they lead to, and a file with a second name elsewhere is refused: `part-folder.test.ts`.
 */
import { chmodSync, chownSync, lchownSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFolder, type FileOwner } from "#kernel/private-file.ts";
import { fail } from "#kernel/problem.ts";
import { shellWord } from "#kernel/shell-word.ts";

const root: FileOwner = { uid: 0, gid: 0 };

const giveEntries = (folder: string, owner: FileOwner): void => {
  chownSync(folder, root.uid, root.gid);
  chmodSync(folder, 0o700);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const found = lstatSync(path);
    if (found.isDirectory()) {
      giveEntries(path, owner);
      chownSync(path, owner.uid, owner.gid);
    } else if (found.uid !== owner.uid) {
      if (found.isFile() && found.nlink > 1)
        fail("files.unsafe", `\`${path}\` has a second name elsewhere and is not given to another account`, {
          hint: `look at it, and at the other name (find / -xdev -samefile ${shellWord(path)}); then replace it by a copy, or remove it`,
        });
      lchownSync(path, owner.uid, owner.gid);
    }
  }
};

/** Makes the folder where it is missing, private; as root, with whatever is in it, the account's (null: root's own). */
export const makePartFolder = (folder: string, account: FileOwner | null): void => {
  makePrivateFolder(folder);
  if (process.getuid?.() !== 0) return;
  const owner = account ?? root;
  // An interrupted change of hands shows in the folder itself, which is given away last, or, back to root, in what is directly in it.
  const isTheirs = [folder, ...readdirSync(folder).map((name) => join(folder, name))].every((path) => lstatSync(path).uid === owner.uid);
  if (isTheirs) return;
  giveEntries(folder, owner);
  chownSync(folder, owner.uid, owner.gid);
};
