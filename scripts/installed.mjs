/** Whether `node_modules` is what the lockfile asks for. Must run on Node 20 without any package. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const packagesOf = (lockfile) => JSON.parse(readFileSync(lockfile, "utf8")).packages;

/** By npm's own record of what it installed, which it writes last: an installation that broke off has none, and one made by hand with `npm ci` has one. */
export const isInstalled = (root) => {
  try {
    const present = packagesOf(join(root, "node_modules", ".package-lock.json"));
    const isForUs = ({ optional, os, cpu }) => !optional || (os?.includes(process.platform) && cpu?.includes(process.arch));
    return Object.entries(packagesOf(join(root, "package-lock.json"))).every(
      // What is optional may be made for another C library and be left out; the Node of this machine may not.
      ([path, wanted]) =>
        path === "" ||
        (present[path] === undefined ? !isForUs(wanted) || wanted.libc !== undefined : present[path].integrity === wanted.integrity),
    );
  } catch {
    return false;
  }
};
