/** The `?` beside whatever has a why. */
import { SignButton } from "#web/components/sign-button.tsx";
import { commonTexts } from "#web/i18n/texts/common.ts";
import { useText } from "#web/i18n/language.ts";

export interface WhyButtonProps {
  /** What is asked about, in the words of the page. */
  readonly subject: string;
  readonly onClick: () => void;
  /** In place of the sign. */
  readonly word?: string;
}

export const WhyButton = ({ subject, onClick, word = "?" }: WhyButtonProps): React.ReactElement => {
  const t = useText();
  return <SignButton label={t(commonTexts.whyOf, { subject })} sign={word} onClick={onClick} />;
};
