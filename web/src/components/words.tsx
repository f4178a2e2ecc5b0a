/** A sentence of the engine or a problem, whose names stand between backticks: they are shown as code. What does not belong here: the sentence. */

export const Words = ({ text }: { readonly text: string }): React.ReactNode =>
  text.split("`").map((part, index) =>
    index % 2 === 1 ? (
      // oxlint-disable-next-line react/no-array-index-key -- the parts of one text, which never change places
      <code key={index}>{part}</code>
    ) : (
      part
    ),
  );
