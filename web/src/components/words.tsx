/** How a text is laid out. What does not belong here: the text. */
import { Fragment } from "react";
import { renderLocal } from "#web/components/render-time.ts";
import { useLanguage } from "#web/i18n/language.ts";

/** As the manager writes an instant into a sentence. */
const utcInstant = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

const Local = ({ at }: { readonly at: string }): React.ReactElement => (
  <time dateTime={at} title={at}>
    {renderLocal(at, useLanguage())}
  </time>
);

/** A sentence of the engine or a problem, whose names stand between backticks: they are shown as code. Instants are told in the reader's own time. */
export const Words = ({ text }: { readonly text: string }): React.ReactNode =>
  text.split("`").map((part, index) =>
    index % 2 === 1 ? (
      // oxlint-disable-next-line react/no-array-index-key -- the parts of one text, which never change places
      <code key={index}>{part}</code>
    ) : utcInstant.test(part) ? (
      // oxlint-disable-next-line react/no-array-index-key
      part.split(utcInstant).map((piece, place) => (place % 2 === 1 ? <Local key={`${index} ${place}`} at={piece} /> : piece))
    ) : (
      part
    ),
  );

/** A path or a name, which may break where its parts meet; each part keeps its own direction of writing. */
export const Breakable = ({ text }: { readonly text: string }): React.ReactNode =>
  text.split(/([/.@_])/u).map((part, index) => (
    // oxlint-disable-next-line react/no-array-index-key -- the parts of one text, which never change places
    <Fragment key={index}>
      {index % 2 === 0 ? (
        <bdi>{part}</bdi>
      ) : (
        <>
          {part}
          <wbr />
        </>
      )}
    </Fragment>
  ));
