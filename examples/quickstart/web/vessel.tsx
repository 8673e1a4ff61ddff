import { useId, type ReactElement } from "react";
import type { Form, Glaze } from "../src/catalogue.ts";

interface Ellipse {
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
}

/** How a form is drawn in a square of 200: its outline, its openings, and what is joined to it. */
interface Drawing {
  readonly body: string;
  readonly mouth?: Ellipse;
  /** The hollow of something so flat that its mouth shows the inside. */
  readonly well?: Ellipse;
  /** Open lines behind the body: handles. */
  readonly handle?: string;
  /** Closed shapes behind the body, glazed: spouts and lids. */
  readonly parts?: readonly string[];
  /** Where the glaze ends. */
  readonly glazeEnd: number;
}

const drawings: Readonly<Record<Form, Drawing>> = {
  vase: {
    body: "M82 38h36v12c34 8 52 34 52 62 0 30-22 52-46 58H76c-24-6-46-28-46-58 0-28 18-54 52-62z",
    mouth: { y: 38, rx: 18, ry: 4 },
    glazeEnd: 132,
  },
  bowl: { body: "M26 90h148c0 44-28 74-56 80H82c-28-6-56-36-56-80z", mouth: { y: 90, rx: 74, ry: 11 }, glazeEnd: 134 },
  mug: {
    body: "M56 66h88v88c0 10-6 16-16 16H72c-10 0-16-6-16-16z",
    mouth: { y: 66, rx: 44, ry: 8 },
    handle: "M142 88c36-8 42 54 0 50",
    glazeEnd: 132,
  },
  pitcher: {
    body: "M70 46c12 4 38 2 58-10l8 10c-10 20-6 38 6 58 14 26 8 56-14 66H72c-22-10-28-40-14-66 12-20 18-36 12-58z",
    handle: "M70 62c-46-6-46 62-10 68",
    glazeEnd: 120,
  },
  bottle: {
    body: "M90 24h20v48c0 14 32 26 32 66 0 18-8 28-16 32H74c-8-4-16-14-16-32 0-40 32-52 32-66z",
    mouth: { y: 24, rx: 10, ry: 3 },
    glazeEnd: 128,
  },
  plate: {
    body: "M14 126c0-14 38-25 86-25s86 11 86 25c0 18-46 42-66 44H80c-20-2-66-26-66-44z",
    mouth: { y: 126, rx: 86, ry: 25 },
    well: { y: 130, rx: 54, ry: 14 },
    glazeEnd: 150,
  },
  teapot: {
    body: "M48 94c10-16 32-20 52-20s42 4 52 20c16 26 12 64-14 76H62c-26-12-30-50-14-76z",
    handle: "M62 84c0-58 76-58 76 0",
    parts: ["M146 116c18-4 20-24 38-34l8 9c-12 12-14 42-42 52z", "M72 78q28-16 56 0z", "M92 64a8 8 0 1 1 16 0 8 8 0 0 1-16 0z"],
    glazeEnd: 134,
  },
  jar: {
    body: "M54 82h92c12 20 12 64-8 88H62c-20-24-20-68-8-88z",
    parts: ["M56 78c4-18 22-25 44-25s40 7 44 25z", "M91 48a9 9 0 1 1 18 0 9 9 0 0 1-18 0z"],
    glazeEnd: 132,
  },
  cup: { body: "M52 86h96c2 42-10 76-24 84H76c-14-8-26-42-24-84z", mouth: { y: 86, rx: 48, ry: 8 }, glazeEnd: 134 },
};

/** A pot: clay below, glaze above, and light from the left. */
export function Vessel({ form, glaze }: { readonly form: Form; readonly glaze: Glaze }): ReactElement {
  const id = useId();
  const { body, mouth, well, handle, parts = [], glazeEnd } = drawings[form];
  const [outline, light] = [`${id}outline`, `${id}light`];
  return (
    <svg className="vessel" data-glaze={glaze} viewBox="0 0 200 200" aria-hidden="true">
      <defs>
        <clipPath id={outline}>
          <path d={body} />
        </clipPath>
        <linearGradient id={light}>
          <stop offset="0" stopColor="#000" stopOpacity="0.2" />
          <stop offset="0.28" stopColor="#fff" stopOpacity="0.2" />
          <stop offset="0.6" stopColor="#000" stopOpacity="0.02" />
          <stop offset="1" stopColor="#000" stopOpacity="0.36" />
        </linearGradient>
      </defs>
      <ellipse className="shadow" cx="104" cy="171" rx="72" ry="9" />
      {handle && <path className="handle" d={handle} />}
      {parts.map((part) => (
        <path key={part} className="part" d={part} />
      ))}
      <g clipPath={`url(#${outline})`}>
        <path className="clay" d={body} />
        <path className="glaze" d={`M0 0H200V${glazeEnd}c-12 12-20-6-34 0s-20 16-34 6-20-10-32 0-22 12-34 0-22-8-32 0-18 8-34-6z`} />
        <path className="light" d={body} fill={`url(#${light})`} />
      </g>
      {mouth && <ellipse className={well ? "inside" : "mouth"} cx="100" cy={mouth.y} rx={mouth.rx} ry={mouth.ry} />}
      {well && <ellipse className="well" cx="100" cy={well.y} rx={well.rx} ry={well.ry} />}
    </svg>
  );
}
