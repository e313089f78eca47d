"use strict";

// The page of lag watch. It shows what the server tells and asks again, or what is
// in the page itself, as in a notebook. All texts go in as text, never as markup.

const LEADERS = 5; // named and coloured in the figures
const MOST_ROWS = 400;
const runs = new Map();
let state = null;
let chosenSeed = null;

const byId = (id) => document.getElementById(id);
const plots = { source: new Plot(byId("source")), curves: new Plot(byId("curves")), late: new Plot(byId("late")), rho: new Plot(byId("rho")) };

function element(tag, text, className) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (className) e.className = className;
  return e;
}

function show(id, visible) { byId(id).hidden = !visible; }

function duration(seconds) {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 3600) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`;
  return `${Math.round(s / 86400)} days`;
}

const number = (x, digits) => (x === null || x === undefined ? "" : x.toFixed(digits));
const place = (x) => (x === null || x === undefined ? "" : Number.isInteger(x) ? String(x) : x.toFixed(1));
const count = (n, one, more) => `${n.toLocaleString("en")} ${n === 1 ? one : more || one + "s"}`;

function fillTable(id, heads, rows) {
  const table = byId(id);
  const head = element("tr");
  for (const h of heads) {
    const th = element("th", h.text, h.left ? "left" : "");
    th.scope = "col";
    if (h.title) th.title = h.title;
    head.append(th);
  }
  const thead = element("thead"), tbody = element("tbody");
  thead.append(head);
  for (const row of rows) {
    const tr = element("tr", undefined, row.className);
    row.cells.forEach((cell, i) => {
      const td = element("td", undefined, (heads[i].left ? "left " : "") + (cell && cell.className ? cell.className : ""));
      if (cell instanceof Node) td.append(cell);
      else if (cell && cell.nodes) td.append(...cell.nodes);
      else td.textContent = cell && cell.text !== undefined ? cell.text : cell;
      tr.append(td);
    });
    tbody.append(tr);
  }
  table.replaceChildren(thead, tbody);
}

function canvasOf(className) { const c = element("canvas"); c.className = className; return c; }

// withKey returns a name with the line that it has in the figures.
function withKey(name, color, dash, paint) {
  const c = canvasOf("key");
  paint.push(() => key(c, color, dash));
  return { nodes: [c, document.createTextNode(" " + name)] };
}

function meter(done, of) {
  const m = element("span", undefined, "meter"), i = element("i");
  i.style.width = (of ? Math.min(100, 100 * done / of) : 0) + "%";
  m.append(i);
  return { nodes: [m, document.createTextNode(`${done.toLocaleString("en")} of ${of.toLocaleString("en")}`)] };
}

function showHeader() {
  const s = state, words = { waiting: "not begun", reading: "reading", running: "running", stopped: "nobody at work", complete: "complete" };
  byId("name").textContent = s.name || s.dir;
  byId("status").textContent = words[s.status];
  byId("status").className = "pill " + s.status;
  const parts = [];
  if (s.status === "waiting") parts.push(`There is nothing in ${s.dir} yet. What begins there appears here.`);
  else if (s.planned) parts.push(`${s.done.toLocaleString("en")} of ${count(s.planned, "run")} done`, `${Math.floor(100 * s.share)}% of the computation`);
  else parts.push(`${count(s.done, "run")} done`);
  const workers = new Set(s.work.map((w) => w.host + " " + w.pid)).size;
  if (workers) parts.push(`${count(workers, "process", "processes")} at work`);
  if (s.left !== null && s.status !== "complete") parts.push(`about ${duration(s.left)} left${workers ? "" : " for one process"}`);
  byId("summary").textContent = parts.join(" · ");
  byId("fill").style.width = 100 * s.share + "%";
  byId("bar").hidden = !s.planned;
  byId("bar").setAttribute("aria-valuenow", Math.floor(100 * s.share));
  document.title = (s.planned ? `${Math.floor(100 * s.share)}% ` : "") + (s.name || "lag watch");
  const items = (list) => list.map((text) => element("li", text));
  byId("warnings").replaceChildren(...items(s.warnings));
  byId("notes").replaceChildren(...items(s.notes));
  show("problems", s.warnings.length + s.notes.length > 0);
  byId("verdict").textContent = s.verdict;
  show("verdict-part", s.verdict !== "");
  byId("footer").textContent = `${s.kind} in ${s.dir} · read ${new Date(s.updated).toLocaleTimeString()} · losses in nats per predicted token`;
}

function showWork(paint) {
  const s = state, several = s.seeds.length > 1 || s.kind !== "study";
  show("work-part", s.status !== "waiting" && s.status !== "complete");
  show("idle", s.work.length === 0);
  show("work", s.work.length > 0);
  byId("idle").textContent = s.status === "running" ? "Between two runs." : "Nobody.";
  fillTable("work", [
    { text: "process", left: true }, { text: "run", left: true }, ...(several ? [{ text: "seed" }] : []), { text: "steps", left: true }, { text: "steps/s" },
    { text: "tokens/s" }, { text: "left" }, { text: "training loss" }, { text: "", left: true },
  ], s.work.map((w) => {
    const r = runs.get(w.run), line = canvasOf("spark");
    if (r) paint.push(() => spark(line, r.train, colorOf("accent")));
    const waiting = w.started ? (w.silent > 60 ? `no step for ${duration(w.silent)}` : "") : `compiling or growing, ${duration(w.silent)}`;
    return { cells: [
      `${w.pid} on ${w.host}`, `${w.phase}: ${w.label}`, ...(several ? [String(w.seed)] : []), meter(w.step, w.of),
      w.speed ? w.speed.toFixed(w.speed < 10 ? 2 : 0) : "", w.tokens ? Math.round(w.tokens).toLocaleString("en") : "",
      w.left === null ? "" : duration(w.left), number(w.loss, 4), waiting ? { text: waiting } : line,
    ] };
  }));
}

function showSource() {
  const source = [...runs.values()].find((r) => r.phase === "pretrain");
  const some = source && (source.curve.length || source.train.length) && source.of > 0;
  show("source-part", !!some);
  if (!some) return;
  const across = state.unigram === null ? [] : [{ y: state.unigram, text: "unigram entropy", fit: true }];
  plots.source.draw([
    { name: "training loss", points: source.train, color: colorOf("faint"), width: 1.2, label: "training" },
    { name: "validation loss", points: source.curve, color: colorOf("accent"), width: 2.4, dots: true, label: "validation" },
  ], { xMax: source.of, x: "pretraining step", y: "loss [nats]", across, summary: `Losses of the source model after ${source.steps} of ${source.of} steps: ${number(source.loss, 3)}` });
}

// seedNow returns the seed whose curves are drawn: what was chosen, or the latest
// that has more than one candidate.
function seedNow(candidates) {
  if (chosenSeed !== null) return chosenSeed;
  let seed = state.seeds[0];
  for (const s of state.seeds) if (candidates.filter((r) => r.seed === s && r.curve.length > 1).length > 1) seed = s;
  return seed;
}

function showCurves() {
  const study = state.kind === "study";
  const all = [...runs.values()].filter((r) => (study ? r.phase === "probe" && r.counts : true) && r.curve.length + r.train.length > 0);
  show("curves-part", all.length > 0);
  if (!all.length) return;
  const seed = study ? seedNow(all) : null;
  const select = byId("seed");
  select.hidden = !(study && state.seeds.length > 1);
  if (select.options.length !== state.seeds.length) {
    select.replaceChildren(...state.seeds.map((s) => { const o = element("option", `seed ${s}`); o.value = s; return o; }));
  }
  if (study) select.value = seed;
  const drawn = all.filter((r) => !study || r.seed === seed);
  const far = (r) => (study && r.curve.length ? r.curve[r.curve.length - 1][0] : 0); // losses of one step are compared
  const lead = drawn.filter((r) => r.loss !== null && (!study || far(r) > 0)).sort((a, b) => far(b) - far(a) || a.loss - b.loss).slice(0, LEADERS);
  const atWork = new Set(state.work.map((w) => w.run));
  const lines = drawn.map((r) => {
    const named = lead.includes(r) || atWork.has(r.name);
    return {
      name: r.label + (study ? "" : `, seed ${r.seed}`), points: state.kind === "training" && r.curve.length < 2 ? r.train : r.curve, named,
      color: named ? r.color : colorOf("faint"), dash: r.dash, alpha: named ? 1 : 0.55, width: named ? 2.4 : 1.1,
      label: named ? r.label + (atWork.has(r.name) ? " ← now" : "") : "",
    };
  });
  if (state.kind === "training") for (const r of drawn) lines.unshift({ name: "training loss", points: r.train, color: colorOf("faint"), width: 1.2 });
  lines.sort((a, b) => (a.named ? 1 : 0) - (b.named ? 1 : 0));
  const end = state.steps || Math.max(...drawn.map((r) => r.of));
  const reached = Math.max(...lines.flatMap((l) => l.points.slice(-1).map((p) => p[0])));
  const upright = state.lag ? [{ x: state.lag, text: "lag" }] : [];
  const from = Math.max(end / 10, state.lag || 0), late = study && reached > from * 1.01;
  byId("curves-title").textContent = study ? "Candidates" : "Runs";
  byId("curves-caption").textContent = `Validation loss after growing. Named: ${study ? "the leaders so far" : "the lowest"} and what is at work; all others are grey, their names appear under the pointer.`;
  if (!study) byId("curves-caption").textContent = state.kind === "training" ? "Training and validation loss." : "Validation loss of each stage and candidate. The lowest and those at work are named.";
  byId("curves").parentNode.className = late ? "pair" : "pair one";
  show("late", late);
  const across = state.kind === "training" && state.unigram !== null ? [{ y: state.unigram, text: "unigram entropy", fit: true }] : [];
  const summary = `Validation losses of ${count(drawn.length, "run")}; leading: ${lead.map((r) => r.label).join(", ")}`;
  const unnamed = lines.map((l) => ({ ...l, label: "" }));
  plots.curves.draw(late ? unnamed : lines, { xMax: study ? end : reached, log: study, x: study ? "step after growing (log scale)" : "step", y: "loss [nats]", upright, across, summary });
  if (late) plots.late.draw(lines, { xMin: from, xMax: end, x: `step, from ${Math.round(from)} on`, y: "loss [nats]", summary });
}

function showRanks(paint) {
  const s = state, begun = s.ranks.filter((r) => r.runs > 0), several = s.seeds.length > 1;
  show("ranks-part", begun.length > 0);
  if (!begun.length) return;
  const waiting = s.ranks.length - begun.length;
  byId("ranks-caption").textContent = "Place 1 has the lowest loss among the candidates that have come as far." +
    (several ? " Losses and places are means over the seeds." : "") + (waiting ? ` ${count(waiting, "strategy", "strategies")} not begun yet.` : "");
  fillTable("ranks", [
    { text: "strategy", left: true }, ...(several ? [{ text: "seeds ended" }] : []), { text: "step" }, { text: "loss" },
    { text: "place at 0" }, { text: `at the lag, ${s.lag}` }, { text: "now", title: "at its furthest step" }, { text: "at the end" }, { text: "status", left: true },
  ], begun.map((r, i) => ({
    className: i < LEADERS && r.step > 0 ? "lead" : "",
    cells: [
      withKey(r.strategy, r.color, r.dash, paint), ...(several ? [`${r.ended} of ${s.seeds.length}`] : []), String(r.step), number(r.loss, 4),
      place(r.at_init), place(r.at_lag), r.now === null ? "" : `${place(r.now)} of ${r.among}`, place(r.at_end),
      { text: r.status, className: r.status === "diverged" || r.status === "damaged" ? "bad" : r.status === "at work" ? "now" : "" },
    ],
  })));
}

function showRho() {
  const s = state;
  show("rho-part", s.rho.length > 1);
  if (s.rho.length > 1) {
    const among = Math.max(...s.rho.map((r) => r.among));
    byId("rho-caption").textContent = `Correlation of the ranks at a step with those at the end, of ${count(among, "candidate")} that ${among === 1 ? "has" : "have"} ended${s.seeds.length > 1 ? " (mean over the seeds)" : ""}. It changes as more end.`;
    plots.rho.draw([{ name: "Spearman's ρ", points: s.rho.map((r) => [r.step, r.rho]), color: colorOf("accent"), width: 2.6, dots: true }], {
      xMax: s.steps, log: true, x: "step after growing (log scale)", y: "Spearman's ρ", upright: [{ x: s.lag, text: "lag" }],
      across: [{ y: 0.9, text: "0.9" }], yRange: [Math.min(0, ...s.rho.map((r) => r.rho)) - 0.05, 1.05],
      summary: `Correlation with the final loss so far: ${s.rho.map((r) => `${r.rho.toFixed(2)} at ${r.step}`).join(", ")}`,
    });
  }
}

function showRuns() {
  const all = [...runs.values()];
  show("runs-part", all.length > 1);
  if (!byId("runs-part").firstElementChild.open) return; // thousands of rows take time
  const rows = all.slice(0, MOST_ROWS).map((r) => ({ cells: [
    r.phase, { text: r.label }, String(r.seed), meter(r.steps, r.of), number(r.loss, 4),
    { text: r.status, className: r.status === "diverged" || r.status === "damaged" ? "bad" : r.status === "at work" ? "now" : "" }, r.name,
  ] }));
  if (all.length > MOST_ROWS) rows.push({ cells: ["", { text: `and ${(all.length - MOST_ROWS).toLocaleString("en")} more` }, "", "", "", "", ""] });
  fillTable("runs", [{ text: "kind", left: true }, { text: "run", left: true }, { text: "seed" }, { text: "steps", left: true }, { text: "validation loss" }, { text: "status", left: true }, { text: "directory", left: true }], rows);
}

function take(next) {
  if (next.whole) runs.clear();
  for (const r of next.runs) runs.set(r.name, r);
  state = next;
  render();
}

function render() {
  const paint = []; // canvases are drawn when they have their place
  showHeader();
  showWork(paint);
  showSource();
  showCurves();
  showRanks(paint);
  showRho();
  showRuns();
  for (const p of paint) p();
}

async function ask() {
  let wait = document.hidden ? 10000 : 1000;
  try {
    const answer = await fetch(`state?since=${state ? state.version : 0}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const next = await answer.json();
    if (!state || next.version !== state.version || next.whole || next.status !== state.status || next.work.length || state.work.length) take(next);
    else { state = { ...next, runs: state.runs }; showHeader(); }
    if (next.status === "reading") wait = 200;
    show("lost", false);
  } catch (e) {
    byId("lost").textContent = `No answer from lag watch, which may have ended (${e.message}). What is shown is from ${state ? new Date(state.updated).toLocaleTimeString() : "never"}.`;
    show("lost", true);
    wait = 5000;
  }
  setTimeout(ask, wait);
}

byId("seed").addEventListener("change", (e) => { chosenSeed = Number(e.target.value); render(); });
byId("runs-part").firstElementChild.addEventListener("toggle", () => { if (state) showRuns(); });
window.addEventListener("resize", () => { if (state) render(); });
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (state) render(); });

window.addEventListener("message", (e) => { // from the notebook around this frame
  if (e.data === "light" || e.data === "dark") document.documentElement.dataset.theme = e.data;
  if (state) render();
});

const embedded = document.getElementById("state");
if (embedded) take(JSON.parse(embedded.textContent));
else ask();
