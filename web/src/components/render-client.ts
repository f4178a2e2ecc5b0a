/** From where somebody signed in, as people say it. Pure. Not here: what the manager kept, which stays as it is for whoever looks closer. */

const browsers: readonly (readonly [name: string, sign: RegExp])[] = [
  // In this order: each of them also claims to be those below it.
  ["Edge", /\bEdg(?:A|iOS)?\/(\d+)/],
  ["Opera", /\bOPR\/(\d+)/],
  ["Firefox", /\b(?:Firefox|FxiOS)\/(\d+)/],
  ["Chrome", /\b(?:HeadlessChrome|Chrome|CriOS)\/(\d+)/],
  ["Safari", /\bVersion\/(\d+)[\d.]* (?:Mobile\/\S+ )?Safari\//],
];
const systems: readonly (readonly [name: string, sign: RegExp])[] = [
  ["Android", /\bAndroid\b/],
  ["iOS", /\b(?:iPhone|iPad|iPod)\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Linux", /\bLinux\b/],
];

/** `Firefox 152, Linux · 192.0.2.7`; what is no browser's own word stays as it stands. */
export const renderClient = (client: string): string => {
  const [address = "", ...words] = client.split(" ");
  const agent = words.join(" ");
  if (!agent.startsWith("Mozilla/")) return client;
  for (const [name, sign] of browsers) {
    const version = sign.exec(agent)?.[1];
    if (version === undefined) continue;
    const system = systems.find(([, of]) => of.test(agent))?.[0];
    return `${name} ${version}${system === undefined ? "" : `, ${system}`} · ${address}`;
  }
  return client;
};
