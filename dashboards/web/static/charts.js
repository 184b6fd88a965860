// Curves of one hall: a plot for each metric with the classes behind it, and a strip of service for each modem.
"use strict";
const SinyalCharts = (() => {
  const { settings, t, dark, colour, model, show, element, decimal } = Sinyal;
  const METRICS = { rsrp_dbm: [-125, -70], rsrq_db: [-22, -4], sinr_db: [-6, 26], rssi_dbm: [-105, -50] }; // lowest span shown
  // After Okabe and Ito: told apart by colour-blind eyes; the second row is for dark pages.
  const LIGHT = ["#0072b2", "#d55e00", "#008260", "#b0588b", "#4d4d4d", "#8a6a00"], DARK = ["#56b4e9", "#ff9f45", "#3fd0a4", "#e7a3cb", "#c8c8c8", "#f0e442"];
  const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [1, 3]];
  const SERVICES = Object.fromEntries(settings.services.map(s => [s.key, s])); // best first
  const WITA = 8 * 3600 * 1000; // BokehJS writes times as UTC
  const LEFT = 48, RIGHT = 10;
  const field = name => ({ field: name });
  let series = null, hidden = new Set();

  const name = modem => (modem.operator || t("Modem")) + (series.modems.filter(m => m.operator === modem.operator).length > 1 ? ` (${modem.modem})` : "");
  const inks = () => dark.matches ? DARK : LIGHT;
  const times = () => Array.from({ length: series.steps }, (_, i) => Date.parse(series.start) + (i + 0.5) * series.step_s * 1000 + WITA);
  const numbers = list => list.map(value => value === null ? NaN : value);

  function frame(height, y0, y1) {
    const start = Date.parse(series.start) + WITA, end = start + series.steps * series.step_s * 1000;
    const plot = model("Plot", {
      x_range: model("Range1d", { start, end }), y_range: model("Range1d", { start: y0, end: y1 }), height, sizing_mode: "stretch_width",
      toolbar_location: null, min_border_left: LEFT, min_border_right: RIGHT, min_border_top: 6, min_border_bottom: 22,
      background_fill_color: null, border_fill_color: null, outline_line_color: colour("--line"),
    });
    const hours = settings.language === "id" ? "%H.%M" : "%H:%M";
    const axis = model("DatetimeAxis", {
      formatter: model("DatetimeTickFormatter", { hours, hourmin: hours, minutes: hours, days: "%d/%m", months: "%d/%m" }),
      ticker: model("DatetimeTicker", { desired_num_ticks: document.documentElement.clientWidth < 560 ? 4 : 7 }),
      major_label_text_color: colour("--soft"), major_label_text_font_size: "11px", axis_line_color: null,
      major_tick_line_color: colour("--line"), minor_tick_line_color: null,
    });
    plot.add_layout(axis, "below");
    plot.add_layout(model("Grid", { axis, grid_line_color: colour("--line"), grid_line_alpha: 0.6 }), "center");
    return plot;
  }

  function bands(plot, metric, y0, y1) {
    let top = y1;
    for (const entry of settings.legend.filter(e => e.level)) {
      const bottom = entry.cuts ? entry.cuts[metric] : y0;
      if (bottom < top && top > y0)
        plot.add_layout(model("BoxAnnotation", { top, bottom: Math.max(bottom, y0), fill_color: entry.colour, fill_alpha: 0.2, line_color: null, level: "image" }));
      top = Math.min(top, bottom);
    }
  }

  function curve(plot, curves, i) {
    const x = times(), paint = inks()[i % LIGHT.length];
    const data = { x, y: numbers(curves.median), low: numbers(curves.low), high: numbers(curves.high) };
    const source = model("ColumnDataSource", { data });
    const shapes = runs(data.low.map(value => Number.isNaN(value) ? null : true)).map(run => {
      const steps = Array.from({ length: run.end - run.start }, (_, k) => run.start + k), back = [...steps].reverse();
      return { x: [...steps, ...back].map(k => x[k]), y: [...steps.map(k => data.low[k]), ...back.map(k => data.high[k])] };
    });
    plot.add_glyph(model("Patches", { xs: field("xs"), ys: field("ys"), fill_color: paint, fill_alpha: 0.2, line_color: null }),
      model("ColumnDataSource", { data: { xs: shapes.map(s => s.x), ys: shapes.map(s => s.y) } }));
    plot.add_glyph(model("Line", { x: field("x"), y: field("y"), line_color: paint, line_width: 2, line_dash: DASHES[i % DASHES.length], line_join: "round" }), source);
    const alone = x.map((_, k) => k).filter(k => data.y[k] === data.y[k] && !(data.y[k - 1] === data.y[k - 1]) && !(data.y[k + 1] === data.y[k + 1]));
    const dots = model("ColumnDataSource", { data: { x: alone.map(k => x[k]), y: alone.map(k => data.y[k]) } });
    plot.add_glyph(model("Scatter", { x: field("x"), y: field("y"), size: 4, fill_color: paint, line_color: null }), dots);
  }

  function metricPlot(metric) {
    const known = series.modems.map((modem, i) => [modem.curves[metric], i, modem]).filter(([c, , m]) => c && !hidden.has(m.modem + m.operator));
    let [y0, y1] = METRICS[metric];
    for (const [curves] of known) for (const value of [...curves.low, ...curves.high]) if (value !== null) [y0, y1] = [Math.min(y0, value - 2), Math.max(y1, value + 2)];
    const plot = frame(document.documentElement.clientWidth < 560 ? 190 : 220, y0, y1);
    plot.add_layout(model("LinearAxis", {
      major_label_text_color: colour("--soft"), major_label_text_font_size: "11px", axis_line_color: null,
      major_tick_line_color: null, minor_tick_line_color: null, ticker: model("BasicTicker", { desired_num_ticks: 5 }),
    }), "left");
    bands(plot, metric, y0, y1);
    for (const [curves, i] of known) curve(plot, curves, i);
    const cursor = model("Span", { dimension: "height", location: NaN, line_color: colour("--ink"), line_alpha: 0.6, visible: false });
    plot.add_layout(cursor);
    return { plot, cursor };
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

  function servicePlot() {
    const rows = series.modems.filter(m => !hidden.has(m.modem + m.operator));
    const start = Date.parse(series.start) + WITA, step = series.step_s * 1000;
    const plot = frame(30 + 40 * Math.max(rows.length, 1), 0, Math.max(rows.length, 1));
    const data = { left: [], right: [], top: [], bottom: [], fill: [], hatch: [] };
    rows.forEach((modem, k) => {
      const base = rows.length - 1 - k;
      for (const run of runs(modem.service)) {
        data.left.push(start + run.start * step); data.right.push(start + run.end * step);
        data.bottom.push(base + 0.12); data.top.push(base + 0.55);
        data.fill.push(SERVICES[run.value].colour); data.hatch.push(SERVICES[run.value].hatch || " ");
      }
    });
    plot.add_glyph(model("Quad", {
      left: field("left"), right: field("right"), top: field("top"), bottom: field("bottom"), fill_color: field("fill"), line_color: null,
      hatch_pattern: field("hatch"), hatch_color: "#ffffff", hatch_alpha: 0.7, hatch_scale: 7,
    }), model("ColumnDataSource", { data }));
    plot.add_glyph(model("Text", {
      x: field("x"), y: field("y"), text: field("text"), text_color: colour("--ink"), text_font_size: "12px", text_font: "system-ui, sans-serif",
      text_baseline: "middle", x_offset: 4,
    }), model("ColumnDataSource", { data: { x: rows.map(() => start), y: rows.map((_, k) => rows.length - 1 - k + 0.78), text: rows.map(name) } }));
    return plot;
  }

  function keys(redraw) {
    document.getElementById("keys").replaceChildren(...series.modems.map((modem, i) => {
      const id = modem.modem + modem.operator;
      const box = element("input", { type: "checkbox" });
      box.checked = !hidden.has(id);
      box.addEventListener("change", () => { if (box.checked) hidden.delete(id); else hidden.add(id); redraw(); });
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      svg.setAttribute("viewBox", "0 0 28 8"); svg.setAttribute("class", "stroke"); svg.setAttribute("aria-hidden", "true");
      line.setAttribute("d", "M0 4h28"); line.setAttribute("stroke", inks()[i % LIGHT.length]); line.setAttribute("stroke-dasharray", DASHES[i % DASHES.length].join(" "));
      svg.append(line);
      return element("li", {}, element("label", {}, box, svg, name(modem)), element("output", { "data-key": String(i) }));
    }));
    const seen = new Set(series.modems.flatMap(m => m.service));
    document.getElementById("service-keys").replaceChildren(...Object.keys(SERVICES).filter(s => seen.has(s)).map(s => {
      const swatch = element("i", { class: `swatch s-${s}` });
      return element("li", {}, swatch, SERVICES[s].label);
    }), element("li", {}, element("i", { class: "swatch s-none" }), t("No data")));
  }

  // Says the values under the finger or the mouse in the caption of each plot.
  function follow(target, metric, cursor) {
    const caption = document.getElementById(`c-${metric}`);
    const x = times();
    const move = event => {
      const frame = target.getBoundingClientRect();
      const share = (event.clientX - frame.left - LEFT) / (frame.width - LEFT - RIGHT);
      const i = Math.floor(share * series.steps);
      if (i < 0 || i >= series.steps) return leave();
      const values = series.modems.map(m => [m, m.curves[metric]?.median[i]]).filter(([m, v]) => v !== undefined && v !== null && !hidden.has(m.modem + m.operator));
      const when = new Intl.DateTimeFormat(settings.language === "id" ? "id-ID" : "en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: "UTC" }).format(x[i]);
      caption.dataset.value = [when, ...values.map(([m, v]) => `${name(m)} ${decimal.format(v)}`)].join(" · ");
      cursor.setv({ location: x[i], visible: true });
    };
    const leave = () => { delete caption.dataset.value; cursor.visible = false; };
    target.onpointermove = target.onpointerdown = move;
    target.onpointerleave = leave;
  }

  async function draw(data) {
    series = data;
    const status = document.getElementById("charts-status"), area = document.getElementById("charts");
    keys(() => draw(series));
    const any = series.modems.length > 0;
    status.hidden = any;
    area.hidden = !any;
    if (!any) { status.textContent = t("No measurement in this period."); return; }
    for (const metric of Object.keys(METRICS)) {
      const target = document.getElementById(`chart-${metric}`);
      const used = series.modems.some(m => m.curves[metric]);
      target.parentElement.hidden = !used;
      if (!used) continue;
      const { plot, cursor } = metricPlot(metric);
      await show(plot, target);
      follow(target, metric, cursor);
    }
    await show(servicePlot(), document.getElementById("chart-service"));
    area.dataset.ready = series.range;
  }

  return { draw, redraw: () => series && draw(series) };
})();
