// Curves of one hall, by uPlot: a plot for each metric with the classes behind it, and a strip of service for each modem.
"use strict";
const SinyalCharts = (() => {
  const { settings, t, dark, colour, element, drawn, decimal } = Sinyal;
  const METRICS = { rsrp_dbm: [-125, -70], rsrq_db: [-22, -4], sinr_db: [-6, 26], rssi_dbm: [-105, -50] }; // lowest span shown
  // After Okabe and Ito: told apart by colour-blind eyes; the second row is for dark pages.
  const LIGHT = ["#0072b2", "#d55e00", "#008260", "#b0588b", "#4d4d4d", "#8a6a00"], DARK = ["#56b4e9", "#ff9f45", "#3fd0a4", "#e7a3cb", "#c8c8c8", "#f0e442"];
  const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [1, 3]];
  const SERVICES = Object.fromEntries(settings.services.map(s => [s.key, s])); // best first
  const FONT = "11px system-ui, sans-serif", LEFT = 44, RIGHT = 20;
  const wita = { timeZone: "Asia/Makassar" };
  const clock = new Intl.DateTimeFormat(Sinyal.locale, { ...wita, hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(Sinyal.locale, { ...wita, day: "numeric", month: "short" });
  const moment = new Intl.DateTimeFormat(Sinyal.locale, { ...wita, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  let series = null, plots = [], hidden = new Set();

  const id = modem => modem.modem + modem.operator;
  const name = modem => (Sinyal.settings.operators[modem.operator] || modem.operator || t("Modem")) + (series.modems.filter(m => m.operator === modem.operator).length > 1 ? ` (${modem.modem})` : "");
  const inks = () => dark.matches ? DARK : LIGHT;
  const start = () => Date.parse(series.start) / 1000;
  const measured = metric => series.modems.some(modem => modem.curves[metric] && modem.curves[metric].median.some(value => value !== null));
  const shown = () => series.modems.map((modem, i) => [modem, i]).filter(([modem]) => !hidden.has(id(modem)));

  // Paints the classes behind the curves.
  function bands(metric) {
    return u => {
      const { left, top, width, height } = u.bbox, [y0, y1] = [u.scales.y.min, u.scales.y.max];
      let upper = y1;
      u.ctx.save();
      u.ctx.globalAlpha = 0.2;
      for (const entry of settings.legend.filter(e => e.level)) {
        const lower = Math.max(entry.cuts ? entry.cuts[metric] : y0, y0);
        if (lower < upper) {
          const [a, b] = [u.valToPos(upper, "y", true), u.valToPos(lower, "y", true)];
          u.ctx.fillStyle = entry.colour;
          u.ctx.fillRect(left, Math.max(a, top), width, Math.min(b, top + height) - Math.max(a, top));
          upper = lower;
        }
      }
      u.ctx.restore();
    };
  }

  function axes() {
    const ink = colour("--soft"), line = colour("--line");
    const one = { stroke: ink, font: FONT, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    const times = series.step_s < 3600 ? clock : day;
    return [{ ...one, size: 26, space: 60, values: (u, splits) => splits.map(s => times.format(s * 1000)) },
      { ...one, size: LEFT, values: (u, splits) => splits.map(v => decimal.format(v)) }];
  }

  // Says the values under the finger or the mouse in the caption of each plot.
  function follow(metric, known) {
    const caption = document.getElementById(`c-${metric}`);
    return u => {
      const i = u.cursor.idx;
      if (i === null || i === undefined || u.cursor.left < 0) { delete caption.dataset.value; return; }
      const values = known.map(([modem]) => [modem, modem.curves[metric].median[i]]).filter(([, value]) => value !== null);
      caption.dataset.value = [moment.format(u.data[0][i] * 1000), ...values.map(([modem, value]) => `${name(modem)} ${decimal.format(value)}`)].join(" · ");
    };
  }

  function curves(metric, target) {
    const known = shown().filter(([modem]) => modem.curves[metric]);
    let [y0, y1] = METRICS[metric];
    const data = [Array.from({ length: series.steps }, (_, i) => start() + (i + 0.5) * series.step_s)];
    const lines = [{}], areas = [];
    for (const [modem, i] of known) {
      const { median, low, high } = modem.curves[metric], paint = inks()[i % LIGHT.length], at = data.length;
      for (const value of [...low, ...high]) if (value !== null) [y0, y1] = [Math.min(y0, value - 2), Math.max(y1, value + 2)];
      data.push(high, low, median);
      const edge = { stroke: null, width: 0, points: { show: false } };
      lines.push(edge, edge, { stroke: paint, width: 2, dash: DASHES[i % DASHES.length], spanGaps: false });
      areas.push({ series: [at, at + 1], fill: `${paint}33` });
    }
    const height = document.documentElement.clientWidth < 560 ? 190 : 220, touch = matchMedia("(hover: none)").matches;
    return new uPlot({
      width: target.clientWidth, height, series: lines, bands: areas, axes: axes(), legend: { show: false }, padding: [8, RIGHT, 0, 0],
      scales: { x: { range: [start(), start() + series.steps * series.step_s] }, y: { range: [y0, y1] } },
      tzDate: s => uPlot.tzDate(new Date(s * 1000), wita.timeZone),
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: touch ? undefined : { key: "hall" } },
      hooks: { drawClear: [bands(metric)], setCursor: [follow(metric, known)] },
    }, data, target);
  }

  function runs(service) {
    const found = [];
    service.forEach((value, i) => {
      const last = found[found.length - 1];
      if (value === null) return;
      if (last && last.value === value && last.end === i) last.end = i + 1; else found.push({ value, start: i, end: i + 1 });
    });
    return found;
  }

  // One line of rectangles for each modem: which service most samples of a step had.
  function strip(target) {
    target.replaceChildren(...shown().map(([modem]) => {
      const svg = drawn("svg", { class: "strip", viewBox: `0 0 ${series.steps} 10`, preserveAspectRatio: "none", "aria-hidden": "true" });
      for (const run of runs(modem.service)) {
        const box = { x: run.start, width: run.end - run.start, height: 10 }, { key, hatch } = SERVICES[run.value];
        svg.append(drawn("rect", { ...box, class: `s-${key}` }));
        if (hatch) svg.append(drawn("rect", { ...box, class: `h-${hatch}` }));
      }
      return element("p", { class: "strip-line" }, element("span", {}, name(modem)), svg);
    }));
  }

  function keys(redraw) {
    document.getElementById("keys").replaceChildren(...series.modems.map((modem, i) => {
      const box = element("input", { type: "checkbox" });
      box.checked = !hidden.has(id(modem));
      box.addEventListener("change", () => { if (box.checked) hidden.delete(id(modem)); else hidden.add(id(modem)); redraw(); });
      const line = drawn("path", { d: "M0 4h28", stroke: inks()[i % LIGHT.length], "stroke-dasharray": DASHES[i % DASHES.length].join(" ") });
      const svg = drawn("svg", { viewBox: "0 0 28 8", class: "stroke", "aria-hidden": "true" }, line);
      return element("li", {}, element("label", {}, box, svg, name(modem)));
    }));
    const seen = new Set(series.modems.flatMap(m => m.service));
    document.getElementById("service-keys").replaceChildren(
      ...Object.keys(SERVICES).filter(s => seen.has(s)).map(s => element("li", {}, element("i", { class: `swatch s-${s}` }), SERVICES[s].label)),
      element("li", {}, element("i", { class: "swatch s-none" }), t("No data")));
  }

  function draw(data) {
    series = data;
    const status = document.getElementById("charts-status"), area = document.getElementById("charts");
    keys(() => draw(series));
    const any = series.modems.length > 0;
    const levels = any && Object.keys(METRICS).some(measured);
    status.hidden = levels;
    area.hidden = !any;
    for (const plot of plots) plot.destroy();
    plots = [];
    if (!any) { status.textContent = status.dataset.none; return; }
    if (!levels) status.textContent = status.dataset.levels;
    for (const metric of Object.keys(METRICS)) {
      const target = document.getElementById(`chart-${metric}`), used = measured(metric);
      target.parentElement.hidden = !used;
      if (used) plots.push(curves(metric, target));
    }
    strip(document.getElementById("chart-service"));
    area.dataset.ready = series.range;
  }

  let width = document.documentElement.clientWidth;
  addEventListener("resize", () => {
    if (series && document.documentElement.clientWidth !== width) { width = document.documentElement.clientWidth; draw(series); }
  });

  return { draw, redraw: () => series && draw(series) };
})();
