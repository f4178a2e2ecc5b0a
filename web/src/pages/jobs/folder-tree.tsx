/**
 * Folders of jobs as a tree, loaded level by level, each with the number of jobs that the reader may see in it and below. One place in the tab
 * order; arrows move, open and close, as in every tree.
 */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ProblemNote } from "#web/components/states.tsx";
import { renderNumber } from "#web/i18n/text.ts";
import { jobsTexts } from "#web/i18n/texts/jobs.ts";
import { useLanguage, useText } from "#web/i18n/language.ts";
import { wordTexts } from "#web/i18n/texts/words.ts";
import { foldersQuery } from "#web/pages/jobs/queries.ts";
import classes from "#web/pages/jobs/jobs.module.css";

const useLevel = (folder: string, enabled: boolean) => useQuery({ ...foldersQuery(folder), enabled });

interface TreeState {
  readonly chosen: string;
  readonly opened: ReadonlySet<string>;
  readonly active: string;
  readonly onChoose: (folder: string) => void;
  readonly onToggle: (folder: string, open: boolean) => void;
  readonly onActive: (folder: string) => void;
}

const Folder = ({
  path,
  name,
  jobs,
  hasFolders,
  depth,
  tree,
}: {
  readonly path: string;
  readonly name: string;
  readonly jobs: number | null;
  readonly hasFolders: boolean;
  readonly depth: number;
  readonly tree: TreeState;
}): React.ReactElement => {
  const t = useText();
  const language = useLanguage();
  const isOpen = hasFolders && tree.opened.has(path);
  const level = useLevel(path, isOpen);
  const toggle = (): void => tree.onToggle(path, !isOpen);
  return (
    <li role="none">
      <div
        role="treeitem"
        aria-level={depth}
        aria-expanded={hasFolders ? isOpen : undefined}
        aria-selected={tree.chosen === path}
        tabIndex={tree.active === path ? 0 : -1}
        data-folder={path}
        className={classes.folder}
        style={{ paddingLeft: 6 + (depth - 1) * 14 }}
        onFocus={() => tree.onActive(path)}
        onClick={() => tree.onChoose(path)}
        onKeyDown={(event) => {
          const items = [...(event.currentTarget.closest("[role=tree]")?.querySelectorAll<HTMLElement>("[role=treeitem]") ?? [])];
          const at = items.indexOf(event.currentTarget);
          const to = (index: number): void => items[Math.max(0, Math.min(items.length - 1, index))]?.focus();
          if (event.key === "ArrowDown") to(at + 1);
          else if (event.key === "ArrowUp") to(at - 1);
          else if (event.key === "Home") to(0);
          else if (event.key === "End") to(items.length - 1);
          else if (event.key === "ArrowRight" && hasFolders) {
            if (isOpen) to(at + 1);
            else toggle();
          } else if (event.key === "ArrowLeft") {
            if (isOpen) toggle();
            else to(items.findLastIndex((item, index) => index < at && Number(item.ariaLevel) === depth - 1));
          } else if (event.key === "Enter" || event.key === " ") tree.onChoose(path);
          else return;
          event.preventDefault();
        }}
      >
        {hasFolders ? (
          <span
            className={classes.twisty}
            aria-hidden="true"
            onClick={(event) => {
              event.stopPropagation();
              toggle();
            }}
          >
            {isOpen ? "▾" : "▸"}
          </span>
        ) : (
          <span className={classes.twisty} aria-hidden="true" />
        )}
        <span className={classes.folderName}>{name}</span>{" "}
        {jobs === null ? null : <span className={classes.folderCount}>{renderNumber(language, jobs)}</span>}
      </div>
      {isOpen && level.data !== undefined ? (
        <ul role="group" className={classes.level}>
          {level.data.items.map((item) => (
            <Folder
              key={item.path}
              path={item.path}
              name={item.path.slice(path === "/" ? 1 : path.length + 1)}
              jobs={item.jobs}
              hasFolders={item.hasFolders}
              depth={depth + 1}
              tree={tree}
            />
          ))}
          {level.data.more ? (
            <li role="none" className={classes.more}>
              {t(jobsTexts.moreFolders)}
            </li>
          ) : null}
        </ul>
      ) : null}
      {isOpen ? <ProblemNote error={level.error} /> : null}
    </li>
  );
};

/** The folders above, each of which must be open for the folder to be seen. */
const above = (folder: string): readonly string[] =>
  folder
    .slice(1)
    .split("/")
    .map((_, index, parts) => `/${parts.slice(0, index).join("/")}`);

export const FolderTree = ({
  chosen,
  onChoose,
}: {
  readonly chosen: string;
  readonly onChoose: (folder: string) => void;
}): React.ReactElement => {
  const t = useText();
  const root = useLevel("/", true);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set(above(chosen)));
  const [active, setActive] = useState(chosen);
  const tree: TreeState = {
    chosen,
    opened,
    active,
    onChoose,
    onActive: setActive,
    onToggle: (folder, open) =>
      setOpened((before) => {
        const next = new Set(before);
        if (open) next.add(folder);
        else next.delete(folder);
        return next;
      }),
  };
  return (
    <div className={classes.tree}>
      <ul role="tree" aria-label={t(wordTexts.folders)} className={classes.level}>
        <Folder path="/" name={t(jobsTexts.allJobs)} jobs={root.data?.total ?? null} hasFolders depth={1} tree={tree} />
      </ul>
    </div>
  );
};
