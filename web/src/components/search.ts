/**
 * Reading search parameters: the address is the state, and it may have been typed by hand or shared by an older version. What is not valid
 * is left out, never an error. Each answers an object to spread, empty where the parameter is absent. Pure.
 */
export type Search = Readonly<Record<string, unknown>>;

/** Text as it stands; a number that somebody typed is text too. */
export const text = <K extends string>(search: Search, name: K, max = 300): { readonly [P in K]?: string } => {
  const value = search[name];
  const found = typeof value === "number" ? String(value) : value;
  return typeof found === "string" && found !== "" && found.length <= max ? ({ [name]: found } as { [P in K]?: string }) : {};
};

export const oneOf = <K extends string, const V extends string>(
  search: Search,
  name: K,
  values: readonly V[],
): { readonly [P in K]?: V } => {
  const found = values.find((value) => value === search[name]);
  return found === undefined ? {} : ({ [name]: found } as { [P in K]?: V });
};

export const flag = <K extends string>(search: Search, name: K): { readonly [P in K]?: true } =>
  search[name] === true || search[name] === "true" ? ({ [name]: true } as { [P in K]?: true }) : {};

export const whole = <K extends string>(search: Search, name: K, min: number, max: number): { readonly [P in K]?: number } => {
  const value = Number(search[name]);
  return search[name] !== undefined && Number.isInteger(value) && value >= min && value <= max
    ? ({ [name]: value } as { [P in K]?: number })
    : {};
};

/** An instant as ISO 8601. */
export const instantParameter = <K extends string>(search: Search, name: K): { readonly [P in K]?: string } => {
  const value = search[name];
  return typeof value === "string" && !Number.isNaN(Date.parse(value))
    ? ({ [name]: new Date(value).toISOString() } as { [P in K]?: string })
    : {};
};
