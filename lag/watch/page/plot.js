"use strict";

// Lines on a canvas, with axes, labels at their ends and a tooltip. A canvas takes
// thousands of lines, which as elements of a document would be slow.

const DASHES = [[], [8, 3.5], [2, 2.7], [9, 2.7, 2, 2.7], [9, 2.5, 2, 2.5, 2, 2.5]]; // as in package chart

function colorOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

// surface fits a canvas to its size in pixels of the device.
function surface(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  return { g, width, height };
}

function stroke(g, points, color, width, dash) {
  g.strokeStyle = color;
  g.lineWidth = width;
  g.setLineDash(DASHES[dash || 0]);
  g.lineJoin = "round";
  g.beginPath();
  points.forEach((p, i) => (i ? g.lineTo(p[0], p[1]) : g.moveTo(p[0], p[1])));
  g.stroke();
  g.setLineDash([]);
}

// ticksFor returns round values between two numbers.
function ticksFor(min, max, count) {
  const raw = (max - min) / count;
  const power = Math.pow(10, Math.floor(Math.log10(raw)));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= raw);
  const list = [];
  for (let v = Math.ceil(min / step) * step; v <= max + step * 1e-6; v += step) list.push(Math.abs(v) < step * 1e-6 ? 0 : v);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return list.map((v) => ({ at: v, text: v >= 10000 ? v.toLocaleString("en") : v.toFixed(digits) }));
}

function logTicks(max) {
  const list = [{ at: 0, text: "0" }];
  for (let decade = 1; decade <= max; decade *= 10) {
    for (const f of [1, 2, 5]) if (f * decade <= max) list.push({ at: f * decade, text: (f * decade).toLocaleString("en") });
  }
  return list;
}

// spread moves labels apart that would overlap, within a range.
function spread(labels, gap, low, high) {
  labels.sort((a, b) => a.y - b.y);
  let edge = low;
  for (const l of labels) { l.at = Math.max(l.y, edge); edge = l.at + gap; }
  edge = high;
  for (const l of [...labels].reverse()) { l.at = Math.min(l.at, edge); edge = l.at - gap; }
}

// range returns the values to show: all, but without what is far above most, such
// as the losses of new layers before they learn.
function range(values) {
  if (!values.length) return [0, 1];
  const sorted = values.slice().sort((a, b) => a - b);
  const min = sorted[0], top = sorted[sorted.length - 1];
  const most = sorted[Math.floor(0.97 * (sorted.length - 1))];
  const max = top - min > 4 * (most - min) && most > min ? min + 2 * (most - min) : top;
  const room = Math.max((max - min) * 0.06, 1e-4);
  return [min - room, max + room];
}

class Plot {
  constructor(canvas) {
    this.canvas = canvas;
    this.points = [];
    canvas.addEventListener("mousemove", (e) => this.hover(e));
    canvas.addEventListener("mouseleave", () => { document.getElementById("tip").hidden = true; });
  }

  // draw draws lines {name, points, color, dash, width, alpha, label, dots}, in this
  // order, so the last are on top. Options: xMin, xMax, log, x and y (titles), across
  // [{y, text}], upright [{x, text}], yRange, summary.
  draw(lines, o) {
    this.last = [lines, o];
    const { g, width, height } = surface(this.canvas);
    if (!width) return;
    this.canvas.setAttribute("aria-label", o.summary || "");
    const soft = colorOf("soft"), ink = colorOf("ink"), grid = colorOf("grid");
    const font = '12.5px system-ui, "Liberation Sans", Arial, sans-serif';
    g.font = font;
    const xMin = o.xMin || 0, xMax = Math.max(o.xMax, xMin + 1e-9);
    const values = [];
    for (const l of lines) if (!l.background) for (const p of l.points) if (p[0] >= xMin) values.push(p[1]);
    for (const a of o.across || []) if (a.fit) values.push(a.y);
    const [yMin, yMax] = o.yRange || range(values);
    const labels = lines.filter((l) => l.label && l.points.some((p) => p[0] >= xMin));
    const labelWidth = labels.reduce((w, l) => Math.max(w, g.measureText(l.label).width), 0);
    const yTicks = ticksFor(yMin, yMax, 6);
    const tickWidth = yTicks.reduce((w, t) => Math.max(w, g.measureText(t.text).width), 0);
    const box = { left: tickWidth + 32, top: 16, right: width - 12 - Math.min(labelWidth ? labelWidth + 14 : 0, width * 0.42), bottom: height - 40 };
    const scale = o.log ? Math.log1p : (v) => v;
    const X = (v) => box.left + (box.right - box.left) * (scale(v) - scale(xMin)) / (scale(xMax) - scale(xMin));
    const Y = (v) => box.bottom - (box.bottom - box.top) * (v - yMin) / (yMax - yMin);

    g.textBaseline = "middle";
    g.textAlign = "right";
    for (const t of yTicks) {
      stroke(g, [[box.left, Y(t.at)], [box.right, Y(t.at)]], grid, 1, 0);
      g.fillStyle = soft;
      g.fillText(t.text, box.left - 7, Y(t.at));
    }
    g.textAlign = "center";
    let free = -1e9;
    for (const t of o.log ? logTicks(xMax) : ticksFor(xMin, xMax, 6)) {
      const at = X(t.at), half = g.measureText(t.text).width / 2;
      stroke(g, [[at, box.bottom], [at, box.bottom + 4]], soft, 1, 0);
      if (at - half < free + 6 || at < box.left - 1) continue;
      free = at + half;
      g.fillStyle = soft;
      g.fillText(t.text, at, box.bottom + 13);
    }
    g.fillStyle = soft;
    g.fillText(o.x, (box.left + box.right) / 2, height - 9);
    g.save();
    g.translate(11, (box.top + box.bottom) / 2);
    g.rotate(-Math.PI / 2);
    g.fillText(o.y, 0, 0);
    g.restore();

    g.save();
    g.beginPath();
    g.rect(box.left - 3, box.top - 3, box.right - box.left + 6, box.bottom - box.top + 6);
    g.clip();
    for (const u of o.upright || []) stroke(g, [[X(u.x), box.top], [X(u.x), box.bottom]], colorOf("faint"), 1.4, 1);
    for (const a of o.across || []) stroke(g, [[box.left, Y(a.y)], [box.right, Y(a.y)]], colorOf("faint"), 1.4, 2);
    this.points = [];
    for (const l of lines) {
      const shown = l.points.filter((p) => p[0] >= xMin);
      const at = shown.map((p) => [X(Math.max(p[0], o.log ? 0 : -1e18)), Y(p[1])]);
      g.globalAlpha = l.alpha === undefined ? 1 : l.alpha;
      stroke(g, at, l.color, l.width || 1.6, l.dash);
      if (l.dots || at.length === 1) {
        g.fillStyle = l.color;
        for (const p of at) { g.beginPath(); g.arc(p[0], p[1], 2.6, 0, 7); g.fill(); }
      }
      g.globalAlpha = 1;
      if (!l.background) shown.forEach((p, i) => { if (p[0] >= xMin) this.points.push({ x: at[i][0], y: at[i][1], text: `${l.name}: ${p[1].toFixed(4)} at step ${Math.round(p[0])}` }); });
    }
    g.restore();

    g.textAlign = "left";
    g.fillStyle = soft;
    for (const u of o.upright || []) if (u.text && X(u.x) <= box.right) g.fillText(u.text, Math.min(X(u.x) + 4, box.right - g.measureText(u.text).width), box.top - 8);
    for (const a of o.across || []) if (a.text && a.y <= yMax && a.y >= yMin) {
      g.fillText(a.text, box.left + 6, Y(a.y) + (Y(a.y) > box.top + 14 ? -8 : 9));
    }
    const ends = labels.map((l) => {
      const p = l.points[l.points.length - 1];
      return { x: X(p[0]), y: Math.min(Math.max(Y(p[1]), box.top), box.bottom), line: l };
    });
    spread(ends, 15, box.top, box.bottom);
    for (const e of ends) {
      stroke(g, [[e.x + 2, e.y], [box.right + 9, e.at]], e.line.color, 0.8, 0);
      g.fillStyle = ink;
      g.fillText(shorten(g, e.line.label, width - box.right - 14), box.right + 12, e.at);
    }
  }

  redraw() {
    if (this.last) this.draw(...this.last);
  }

  hover(e) {
    const frame = this.canvas.getBoundingClientRect();
    const x = e.clientX - frame.left, y = e.clientY - frame.top;
    let best = null, least = 20 * 20;
    for (const p of this.points) {
      const d = (p.x - x) ** 2 + (p.y - y) ** 2;
      if (d < least) { least = d; best = p; }
    }
    const tip = document.getElementById("tip");
    tip.hidden = !best;
    if (!best) return;
    tip.textContent = best.text;
    tip.style.left = Math.min(e.clientX + 12, window.innerWidth - tip.offsetWidth - 6) + "px";
    tip.style.top = Math.min(e.clientY + 14, window.innerHeight - tip.offsetHeight - 6) + "px";
  }
}

function shorten(g, text, width) {
  if (g.measureText(text).width <= width) return text;
  while (text.length > 1 && g.measureText(text + "…").width > width) text = text.slice(0, -1);
  return text + "…";
}

// spark draws a small curve without axes.
function spark(canvas, points, color) {
  const { g, width, height } = surface(canvas);
  if (points.length < 2 || !width) return;
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  const x0 = Math.min(...xs), x1 = Math.max(...xs), y0 = Math.min(...ys), y1 = Math.max(...ys);
  stroke(g, points.map((p) => [1 + (width - 2) * (p[0] - x0) / (x1 - x0 || 1), height - 2 - (height - 4) * (p[1] - y0) / (y1 - y0 || 1)]), color, 1.5, 0);
}

// key draws the line of a legend.
function key(canvas, color, dash) {
  const { g, width, height } = surface(canvas);
  stroke(g, [[0, height / 2], [width, height / 2]], color, 3, dash);
}
