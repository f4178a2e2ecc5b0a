/** What holds for the cockpit's sources as text: its catalogue, its budget, what it keeps in the browser. */
import assert from "node:assert/strict";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cockpitFiles } from "#test/arch/imports.ts";
import { isNode, parse, walk, type SyntaxNode } from "#test/arch/syntax.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** Attributes whose text people read or hear. */
const spoken: ReadonlySet<string> = new Set([
  "label",
  "title",
  "placeholder",
  "aria-label",
  "aria-description",
  "aria-roledescription",
  "alt",
  "description",
  "hint",
  "about",
]);
const hasWords = (text: string): boolean => /\p{L}{2,}/u.test(text);
/** Names that are the same in every language. */
const names: ReadonlySet<string> = new Set(["Behalf", "Ctrl K", "UTC"]);

/** Words that stand in the source of a component and not in the catalogue. */
const literalWords = (file: string, source: string): string[] => {
  const found: string[] = [];
  for (const node of walk(parse(file, source))) {
    if (node.type === "JSXText") {
      const text = String(node["value"]).trim();
      // A command is typed as it stands, in whatever language one reads.
      if (hasWords(text) && !names.has(text) && !text.startsWith("behalf ")) found.push(text);
    }
    if (node.type === "JSXAttribute") {
      const name = (node["name"] as SyntaxNode | undefined)?.["name"];
      const value = node["value"] as SyntaxNode | null;
      const literal = value?.type === "Literal" ? value["value"] : undefined;
      if (typeof name === "string" && spoken.has(name) && typeof literal === "string" && hasWords(literal))
        found.push(`${name}="${literal}"`);
    }
  }
  return found;
};

test("4.6: no component has literal words: every text comes from the catalogue", () => {
  const found = cockpitFiles()
    .filter((file) => file.endsWith(".tsx"))
    .flatMap((file) => literalWords(file, read(file)).map((words) => `${file}: ${words}`));
  assert.deepEqual(found, []);
  assert.deepEqual(literalWords("x.tsx", 'const a = <p title="Hello there">Some words <b>·</b></p>;'), [
    'title="Hello there"',
    "Some words",
  ]);
});

const catalogue = await Promise.all(
  globSync("web/src/i18n/texts/*.ts", { cwd: root }).map(async (file) => ({
    file,
    groups: (await import(join(root, file))) as Record<string, Record<string, { en: unknown; de: unknown }>>,
  })),
);
const placesIn = (words: unknown): string[] =>
  typeof words === "string"
    ? [...words.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").toSorted()
    : [...new Set(Object.values(words as object).flatMap(placesIn))].toSorted();

test("4.6: every text stands in English and German, with the same values, and is used", () => {
  const sources = cockpitFiles()
    .filter((file) => !file.includes("/i18n/texts/"))
    .map(read)
    .join("\n");
  const mentioned = new Set([...sources.matchAll(/\b(\w+)(?=\.(\w+))/g)].map(([, group, key]) => `${group}.${key}`));
  let count = 0;
  const unused: string[] = [];
  for (const { file, groups } of catalogue) {
    for (const [group, texts] of Object.entries(groups)) {
      for (const [key, { en, de }] of Object.entries(texts)) {
        const where = `${file} ${group}.${key}`;
        count += 1;
        assert.deepEqual(placesIn(de), placesIn(en), `${where}: other values in German`);
        assert.equal(typeof de, typeof en, `${where}: a plural in one language only`);
        for (const words of [en, de].flatMap((one) => (typeof one === "string" ? [one] : Object.values(one as object))))
          assert.ok(typeof words === "string" && words.trim() !== "", `${where}: empty`);
        if (!mentioned.has(`${group}.${key}`)) unused.push(where);
      }
    }
  }
  assert.deepEqual(unused, []);
  assert.ok(count > 100, `only ${count} texts found`);
});

test("W3: nothing but choices and filters is kept in the browser, and only through one door", () => {
  const doors = cockpitFiles().filter((file) => /\b(?:localStorage|sessionStorage|indexedDB)\b|document\.cookie/.test(read(file)));
  assert.deepEqual(doors, ["web/src/api/local.ts"]);
  const keepers = cockpitFiles().filter((file) => read(file).includes("writeLocal(") && file !== "web/src/api/local.ts");
  assert.deepEqual(keepers, ["web/src/components/saved-filters.tsx", "web/src/i18n/language.ts"]);
  // What is unsaved in this tab: a role's draft, a draft of the policy. It goes with signing out.
  const drafts = cockpitFiles().filter((file) => read(file).includes("writeTab(") && file !== "web/src/api/local.ts");
  assert.deepEqual(drafts, ["web/src/components/use-tab-draft.ts", "web/src/pages/access/what-if-page.tsx"]);
});

test("W5: the cockpit writes no markup from text and evaluates nothing", () => {
  const found = cockpitFiles().filter((file) =>
    /dangerouslySetInnerHTML|\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(/.test(read(file)),
  );
  assert.deepEqual(found, []);
});

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
}

/** Largest first load of JavaScript for the overview, bytes of gzip. */
const budgetBytes = 220_000;

test("4.8: the first load of the overview is at most 220 KB of gzip, editor and palette are loaded when wanted", () => {
  const chunks = JSON.parse(read("web/dist/manifest.json")) as Record<string, Chunk>;
  const wanted = new Set<string>();
  const want = (key: string): void => {
    if (wanted.has(key)) return;
    wanted.add(key);
    for (const next of chunks[key]?.imports ?? []) want(next);
  };
  want("index.html");
  want("src/pages/overview/overview-page.tsx");
  const bytes = [...wanted].reduce((sum, key) => sum + statSync(join(root, "web", "dist", `${chunks[key]?.file ?? ""}.gz`)).size, 0);
  assert.ok(bytes <= budgetBytes, `${bytes} bytes of gzip, ${bytes - budgetBytes} too many`);
  assert.ok(bytes > 100_000, `${bytes} bytes: is this the whole build?`);
  for (const lazy of [
    "src/app/palette.tsx",
    "src/app/account-menu.tsx",
    "src/components/explain-panel.tsx",
    "src/pages/sign-in/sign-in-page.tsx",
  ])
    assert.ok(chunks[lazy] !== undefined && !wanted.has(lazy), `${lazy} is not a chunk of its own`);
});

test("4.8: what is loaded ahead is compiled as a whole then; what a first page waits for is not", () => {
  const chunks = JSON.parse(read("web/dist/manifest.json")) as Record<string, Chunk>;
  const isWhole = (key: string): boolean => read(`web/dist/${chunks[key]?.file ?? ""}`).startsWith("//# allFunctionsCalledOnLoad\n");
  for (const key of ["src/pages/runs/runs-page.tsx", "src/pages/access/role-page.tsx", "src/pages/jobs/jobs-page.tsx"])
    assert.ok(isWhole(key), key);
  for (const key of ["index.html", "src/pages/overview/overview-page.tsx", "src/components/code-editor.tsx"]) assert.ok(!isWhole(key), key);
});

/** What a row may have of the library: these are plain elements with a class. */
const plainInRows: ReadonlySet<string> = new Set(["Button", "Anchor"]);

interface Source {
  readonly file: string;
  readonly program: SyntaxNode;
  /** Local name of what is imported, with the module it is from. */
  readonly imports: ReadonlyMap<string, string>;
  /** What is declared at the top, by name. */
  readonly declared: ReadonlyMap<string, SyntaxNode>;
}

const nameOf = (node: unknown): string => (isNode(node) && typeof node["name"] === "string" ? node["name"] : "");

const sourceOf = (file: string, text: string): Source => {
  const program = parse(file, text);
  const imports = new Map<string, string>();
  const declared = new Map<string, SyntaxNode>();
  for (const statement of program["body"] as SyntaxNode[]) {
    if (statement.type === "ImportDeclaration")
      for (const one of statement["specifiers"] as SyntaxNode[])
        imports.set(nameOf(one["local"]), String((statement["source"] as { readonly value: unknown }).value));
    const declaration = isNode(statement["declaration"]) ? statement["declaration"] : statement;
    if (declaration.type === "FunctionDeclaration") declared.set(nameOf(declaration["id"]), declaration);
    if (declaration.type === "VariableDeclaration")
      for (const one of declaration["declarations"] as SyntaxNode[]) declared.set(nameOf(one["id"]), one);
  }
  return { file, program, imports, declared };
};

/** Elements that rows are made of: what stands in a `cell`, in a `narrowLine`, or in a component called `…Row`, and in the components used there. */
const heavyInRows = (sources: readonly Source[]): string[] => {
  const found = new Set<string>();
  const seen = new Set<SyntaxNode>();
  const byModule = new Map(sources.map((source) => [source.file.replace("web/src/", "#web/"), source]));
  const look = (source: Source, node: SyntaxNode, row: string): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const one of walk(node)) {
      if (one.type !== "JSXOpeningElement") continue;
      const element =
        isNode(one["name"]) && one["name"].type === "JSXMemberExpression" ? nameOf(one["name"]["object"]) : nameOf(one["name"]);
      const from = source.imports.get(element);
      if (from === "@mantine/core" && !plainInRows.has(element)) found.add(`${row}: <${element}> in ${source.file}`);
      const other = from === undefined ? source : byModule.get(from);
      const declaration = other?.declared.get(element);
      if (other !== undefined && declaration !== undefined) look(other, declaration, row);
    }
  };
  for (const source of sources) {
    for (const [name, node] of source.declared) if (name.endsWith("Row")) look(source, node, `${source.file} ${name}`);
    for (const node of walk(source.program)) {
      const name = node.type === "Property" ? nameOf(node["key"]) : node.type === "JSXAttribute" ? nameOf(node["name"]) : "";
      if ((name === "cell" || name === "narrowLine") && isNode(node["value"])) look(source, node["value"], `${source.file} ${name}`);
    }
  }
  return [...found].toSorted();
};

test("4.8: what is in every row of a list is plain elements: nothing of the library but buttons and links", () => {
  const sources = cockpitFiles()
    .filter((file) => file.endsWith(".tsx"))
    .map((file) => sourceOf(file, read(file)));
  assert.deepEqual(heavyInRows(sources), []);
  const tried = [
    sourceOf(
      "web/src/a.tsx",
      `import { Button, Checkbox, Tooltip } from "@mantine/core"; import { Mark } from "#web/b.tsx";
       const Took = () => <Tooltip label=""><i /></Tooltip>;
       const columns = [{ cell: () => <Took /> }, { cell: () => <Button><Mark /></Button> }];
       const Fine = () => <Checkbox />;
       export const PlainRow = () => <tr><Checkbox /></tr>;`,
    ),
    sourceOf("web/src/b.tsx", `import { Menu } from "@mantine/core"; export const Mark = () => <Menu.Item />;`),
  ];
  assert.deepEqual(heavyInRows(tried), [
    "web/src/a.tsx PlainRow: <Checkbox> in web/src/a.tsx",
    "web/src/a.tsx cell: <Menu> in web/src/b.tsx",
    "web/src/a.tsx cell: <Tooltip> in web/src/a.tsx",
  ]);
});
