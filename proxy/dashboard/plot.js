// Bars over time, and lists of bars: small SVG of our own.
import { count, el, foreign } from "./page.js";

const svg = (tag, attributes, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

export const series = ["block", "allow", "observe", "failure"];
export const words = { block: "stopped", allow: "allowed", observe: "observed", failure: "failures" };

function label(time, bucket) {
  const pad = (number) => String(number).padStart(2, "0");
  return bucket >= 14400 ? `${pad(time.getMonth() + 1)}-${pad(time.getDate())}` : `${pad(time.getHours())}:${pad(time.getMinutes())}`;
}

// `buckets`: for each span of time one number for each of `series`.
export function bars(from, bucket, buckets) {
  const width = 960, height = 170, floor = 145, left = 34;
  const most = Math.max(1, ...buckets.map((one) => one.reduce((sum, number) => sum + number, 0)));
  const step = (width - left) / Math.max(1, buckets.length);
  const total = series.map((_, index) => buckets.reduce((sum, one) => sum + one[index], 0));
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": series.map((name, index) => `${total[index]} ${words[name]}`).join(", ") });
  picture.append(svg("line", { class: "axis", x1: left, x2: width, y1: floor, y2: floor }),
    svg("text", { x: 0, y: 14 }, count(most)), svg("text", { x: 0, y: floor }, "0"));
  buckets.forEach((one, index) => {
    const begin = new Date(from.getTime() + index * bucket * 1000);
    let top = floor;
    one.forEach((number, which) => {
      if (number === 0) return;
      const size = Math.max(2, (number / most) * (floor - 8));
      top -= size;
      picture.append(svg("rect", { class: `fill-${series[which]}`, x: left + index * step + 1, y: top,
        width: Math.max(1, step - 2), height: size },
      svg("title", {}, `${label(begin, bucket)}: ${number} ${words[series[which]]}`)));
    });
    if (index % Math.ceil(buckets.length / 6) === 0) {
      picture.append(svg("text", { x: left + index * step, y: height - 6 }, label(begin, bucket)));
    }
  });
  return picture;
}

export function legend() {
  return series.map((name) => el("span", { class: `key ${name}`, textContent: words[name] }));
}

// [{name, count}] as a list with bars; `empty` is what to say of none.
export function ranking(list, empty) {
  if (list.length === 0) return [el("p", { class: "quiet", textContent: empty })];
  const most = Math.max(...list.map((one) => one.count));
  return list.map((one) => el("div", { class: "bar" }, foreign(one.name), el("span", { class: "number", textContent: count(one.count) }),
    el("meter", { min: 0, max: most, value: one.count, "aria-hidden": "true" })));
}
