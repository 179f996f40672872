// Looks at every text that is seen, and returns what is wrong: words that leave their drawing, that lie over
// each other, that are too small, or that have too little contrast to what lies below them.
const found = [];
const luminance = c => { const l = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => p - q);
  return (y + 0.05) / (x + 0.05); };
const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
const corners = node => { const b = node.getBBox(), m = node.getScreenCTM();
  const dx = Math.min(0.5, b.width / 2), top = b.y + b.height * 0.16, bottom = b.y + b.height * 0.84;
  return [[b.x + dx, top], [b.x + b.width - dx, top], [b.x + b.width - dx, bottom], [b.x + dx, bottom]]
    .map(([x, y]) => [m.a * x + m.c * y + m.e, m.b * x + m.d * y + m.f]); };
const apart = (p, q) => { for (const [a, b] of [[p, q], [q, p]]) for (let i = 0; i < 4; i++) {
  const [x0, y0] = a[i], [x1, y1] = a[(i + 1) % 4], n = [y1 - y0, x0 - x1];
  const dot = ([x, y]) => x * n[0] + y * n[1];
  if (Math.max(...a.map(dot)) <= Math.min(...b.map(dot)) || Math.max(...b.map(dot)) <= Math.min(...a.map(dot)))
    return true; } return false; };
const below = (node, x, y) => { const layers = [];
  for (const one of document.elementsFromPoint(x, y)) {
    if (one === node || one.tagName === "text" || one.tagName === "tspan" || one === document.body) continue;
    const style = getComputedStyle(one);
    const isFilled = style.fill !== "none" && Number(style.fillOpacity) > 0 && !one.matches("svg, figure, div, html");
    if (isFilled) layers.push([rgb(style.fill), Number(style.fillOpacity) * Number(style.opacity)]);
    else if (style.stroke !== "none" && one.tagName === "path") layers.push([rgb(style.stroke), Number(style.strokeOpacity)]);
  }
  let colour = rgb(getComputedStyle(document.body).backgroundColor).slice(0, 3);
  for (const [c, o] of layers.reverse()) colour = colour.map((v, i) => v + (c[i] - v) * o);
  return colour; };
if (document.documentElement.scrollWidth > innerWidth) found.push(["wider than the window", "", ""]);
for (const figure of document.querySelectorAll("figure")) {
  const svg = [...figure.querySelectorAll("svg")].find(one => one.getBoundingClientRect().width > 0);
  if (!svg) { found.push([figure.id, "nothing is seen", ""]); continue; }
  const texts = [...svg.querySelectorAll("text")].filter(one => one.textContent.trim());
  if (texts.length < 2) found.push([figure.id, "no words", ""]);
  const lines = texts.flatMap(one => { const own = [...one.querySelectorAll("tspan")]; return own.length ? own : [one]; });
  const boxes = texts.map(corners);
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  texts.forEach((node, at) => {
    const words = node.textContent;
    const size = parseFloat(getComputedStyle(node).fontSize) * scale;
    if (size < 11) found.push([figure.id, "small: " + size, words]);
    const frame = svg.getBoundingClientRect();
    if (boxes[at].some(([x, y]) => x < frame.left - 1 || x > frame.right + 1 || y < frame.top - 1 || y > frame.bottom + 1))
      found.push([figure.id, "clipped", words]);
  });
  // From top to bottom: only texts of which neither lies below the other are held against each other.
  const tops = boxes.map(box => Math.min(...box.map(([, y]) => y)));
  const bottoms = boxes.map(box => Math.max(...box.map(([, y]) => y)));
  const order = texts.map((_, at) => at).sort((a, b) => tops[a] - tops[b]);
  order.forEach((at, place) => {
    for (let next = place + 1; next < order.length && tops[order[next]] < bottoms[at]; next++)
      if (!apart(boxes[at], boxes[order[next]]))
        found.push([figure.id, "over each other", texts[at].textContent + " | " + texts[order[next]].textContent]);
  });
  for (const node of order.map(at => texts[at])) {
    const box = node.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) scrollTo(0, scrollY + box.top - 100);
    const now = node.getBoundingClientRect();
    const x = now.left + now.width / 2, y = now.top + now.height / 2;
    const on = below(node, x, y), own = rgb(getComputedStyle(node).fill).slice(0, 3);
    if (contrast(on, own) < 4.5) found.push([figure.id, "contrast " + contrast(on, own).toFixed(2) + " on " + on.map(Math.round), node.textContent]);
  }
}
return found;
