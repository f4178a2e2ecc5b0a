/** A small chart (uPlot) that says the same as a table to those who do not see it. Colours come from the theme; numbers are never in colour alone. */
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import UPlot from "uplot";
import { useLanguage } from "#web/i18n/language.ts";
import type { Language } from "#web/i18n/text.ts";
import { renderLocal, renderTick } from "#web/components/render-time.ts";
import { useSize } from "#web/components/use-size.ts";
import classes from "#web/components/chart.module.css";

export interface ChartSeries {
  readonly label: string;
  /** A custom property of the theme, such as `--good`. */
  readonly colour: string;
  readonly kind: "bars" | "line";
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  readonly label: string;
  /** Milliseconds since 1970, one for each value. */
  readonly at: readonly number[];
  /** Bars are stacked in the order given, from below. */
  readonly series: readonly ChartSeries[];
  readonly render: (value: number, language: Language) => string;
  readonly timeHeader: string;
}

const height = 150;

/** Each series of bars drawn as the sum of itself and those below, the highest first, which looks stacked. */
const stacked = (series: readonly ChartSeries[]): readonly ChartSeries[] => {
  const bars = series.filter(({ kind }) => kind === "bars");
  const sums = bars.map((one, index) => ({
    ...one,
    values: one.values.map((_, slice) => bars.slice(0, index + 1).reduce((sum, below) => sum + (below.values[slice] ?? 0), 0)),
  }));
  return [...sums.toReversed(), ...series.filter(({ kind }) => kind === "line")];
};

export const Chart = ({ label, at, series, render, timeHeader }: ChartProps): React.ReactElement => {
  const { ref, width } = useSize();
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  const language = useLanguage();
  useEffect(() => {
    if (place.current === null || width < 40) return undefined;
    const style = getComputedStyle(place.current);
    // A canvas does not know `light-dark()`: the colour is read where it is resolved.
    const colour = (name: string): string => {
      const probe = document.createElement("span");
      probe.style.color = `var(${name})`;
      // Where colours are forced, what is drawn would be black on black: bars are told apart by their own.
      probe.style.setProperty("forced-color-adjust", "none");
      place.current?.append(probe);
      const found = getComputedStyle(probe).color;
      probe.remove();
      return found;
    };
    const soft = colour("--soft");
    const line = colour("--line");
    const drawn = stacked(series);
    const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: `11px ${style.fontFamily}` };
    const plot = new UPlot(
      {
        width,
        height,
        // The labels of an axis stand half outside of it.
        padding: [8, 20, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.08)] } },
        axes: [
          {
            ...axis,
            size: 26,
            space: 70,
            values: (_, splits, __, ___, stepSeconds) => splits.map((split) => renderTick(split, stepSeconds, language)),
          },
          { ...axis, size: 54, space: 28, values: (_, splits) => splits.map((split) => (split === null ? "" : render(split, language))) },
        ],
        series: [
          {},
          ...drawn.map(({ label: name, colour: own, kind }) =>
            kind === "bars"
              ? { label: name, fill: colour(own), width: 0, paths: UPlot.paths.bars?.({ size: [0.82, 24] }), points: { show: false } }
              : { label: name, stroke: colour(own), width: 1.6, points: { show: false }, spanGaps: false },
          ),
        ] as UPlot.Series[],
      },
      [at.map((ms) => ms / 1000), ...drawn.map(({ values }) => [...values])] as UPlot.AlignedData,
      place.current,
    );
    return () => plot.destroy();
    // The scheme is not read here, it decides what the colours are.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [at, series, width, scheme, render, language]);
  const total = (values: readonly (number | null)[]): boolean => values.some((value) => value !== null && value !== 0);
  return (
    <figure className={classes.figure} ref={ref}>
      <div ref={place} aria-hidden="true" style={{ minHeight: height }} />
      <figcaption className={classes.legend}>
        {series.map((one) => (
          <span key={one.label}>
            <span aria-hidden="true" className={classes.swatch} data-kind={one.kind} style={{ background: `var(${one.colour})` }} />
            {one.label}
          </span>
        ))}
      </figcaption>
      <table className="visually-hidden">
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">{timeHeader}</th>
            {series.map((one) => (
              <th key={one.label} scope="col">
                {one.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {at.map((ms, index) =>
            series.some(({ values }) => total([values[index] ?? null])) ? (
              <tr key={ms}>
                <th scope="row">{renderLocal(new Date(ms).toISOString(), language)}</th>
                {series.map((one) => (
                  <td key={one.label}>
                    {one.values[index] === null || one.values[index] === undefined ? "" : render(one.values[index] ?? 0, language)}
                  </td>
                ))}
              </tr>
            ) : null,
          )}
        </tbody>
      </table>
    </figure>
  );
};
