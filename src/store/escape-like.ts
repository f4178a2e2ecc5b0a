/** A text as the inside of a `like` pattern with `escape '!'`. */
export const escapeLike = (text: string): string => text.replaceAll("!", "!!").replaceAll("%", "!%").replaceAll("_", "!_");
