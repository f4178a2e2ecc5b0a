/** The frame of every page: its one heading, what it is about, its actions, and the title of the document. Focus goes to the heading of a new page. */
import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { realm } from "#web/api/session.ts";
import { useText } from "#web/i18n/language.ts";
import { pageTexts } from "#web/i18n/texts/common.ts";
import { Breakable } from "#web/components/words.tsx";
import classes from "#web/components/page.module.css";

export interface PageProps {
  readonly title: string;
  readonly about?: React.ReactNode;
  /** Buttons at the right of the heading. */
  readonly actions?: React.ReactNode;
  /** Links between the parts of a page that has several: always in sight. */
  readonly parts?: React.ReactNode;
  /** Filters below the heading. */
  readonly toolbar?: React.ReactNode;
  /** The content fills what is left of the window and scrolls inside (tables), instead of the page. */
  readonly fill?: boolean;
  readonly children: React.ReactNode;
}

export const Page = ({ title, about, actions, parts, toolbar, fill = false, children }: PageProps): React.ReactElement => {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Behalf · ${realm}`;
  }, [title]);
  useEffect(() => {
    // Whoever listens to the page hears where he is; whoever came from a dialog or typed already keeps his place. Once all of the page is
    // there: a focus has it laid out, and what came after once more.
    const frame = requestAnimationFrame(() => {
      if (document.activeElement === null || document.activeElement === document.body) heading.current?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <div className={classes.page} data-fill={fill}>
      <header className={classes.head}>
        <div className={classes.words}>
          <h1 ref={heading} tabIndex={-1} className={classes.title}>
            <Breakable text={title} />
          </h1>
          {about === undefined ? null : <p className={classes.about}>{about}</p>}
        </div>
        {actions === undefined ? null : <div className={classes.actions}>{actions}</div>}
      </header>
      {parts === undefined && toolbar === undefined ? null : (
        <div className={classes.bars}>
          {parts}
          {toolbar === undefined ? null : <Toolbar>{toolbar}</Toolbar>}
        </div>
      )}
      <div className={classes.body}>{children}</div>
    </div>
  );
};

/** Always there where there is room; behind a button on a narrow screen, which has none to spare. */
const Toolbar = ({ children }: { readonly children: React.ReactNode }): React.ReactElement => {
  const t = useText();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button className={classes.toolbarButton} variant="default" size="compact-sm" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t(pageTexts.filters)}
      </Button>
      <div className={classes.toolbar} data-open={open}>
        {children}
      </div>
    </>
  );
};

/** A titled part of a page. */
export const Section = ({
  title,
  aside,
  children,
}: {
  readonly title: string;
  readonly aside?: React.ReactNode;
  readonly children: React.ReactNode;
}): React.ReactElement => (
  <section className={classes.section} aria-label={title}>
    <div className={classes.sectionHead}>
      <h2 className={classes.sectionTitle}>{title}</h2>
      {aside === undefined ? null : <div className={classes.aside}>{aside}</div>}
    </div>
    {children}
  </section>
);

/** Name and value pairs. */
export const Facts = ({ facts }: { readonly facts: readonly (readonly [name: string, value: React.ReactNode])[] }): React.ReactElement => (
  <dl className={classes.facts}>
    {facts.map(([name, value]) => (
      <div key={name} className={classes.fact}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
