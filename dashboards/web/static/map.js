// The map: boundaries and halls as vectors. It draws; list.js says what is shown.
"use strict";
const SinyalMap = (() => {
  const { settings, byKey, t, dark, colour, model, show, json, element, symbol, label, age, decimal } = Sinyal;
  const target = document.getElementById("map");
  const card = document.getElementById("card");
  const tip = element("div", { class: "tip", hidden: "" });
  const SHAPES = new Set(["diamond", "circle", "square", "triangle", "inverted_triangle"]);
  const NEAR = { mouse: 12, touch: 26, pen: 18 }; // pixels within which a hall is meant
  let plot, points, rings, letters, names, outlines, whole, halls = [], mixed = false, down = null;

  const box = (xs, ys, pad) => ({ x0: Math.min(...xs) - pad, x1: Math.max(...xs) + pad, y0: Math.min(...ys) - pad, y1: Math.max(...ys) + pad });

  // Makes a box as wide or high as the frame is, so that a degree is as long both ways (Kutim lies on the equator).
  function fit(b) {
    const ratio = target.clientWidth / target.clientHeight;
    const [w, h] = [b.x1 - b.x0, b.y1 - b.y0];
    const [fw, fh] = w / h < ratio ? [h * ratio, h] : [w, w / ratio];
    const [cx, cy] = [(b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2];
    return { x0: cx - fw / 2, x1: cx + fw / 2, y0: cy - fh / 2, y1: cy + fh / 2 };
  }

  // A finger moves the page while the whole map is seen, and the map when it is zoomed.
  function touch() {
    const all = fit(whole), zoomed = plot.x_range.end - plot.x_range.start < 0.98 * (all.x1 - all.x0);
    target.style.setProperty("--touch", zoomed || matchMedia("(hover: hover)").matches ? "none" : "pan-y");
  }

  function look(b) {
    const f = fit(b), all = fit(whole);
    plot.x_range.bounds = [all.x0, all.x1];
    plot.y_range.bounds = [all.y0, all.y1];
    plot.x_range.setv({ start: f.x0, end: f.x1 });
    plot.y_range.setv({ start: f.y0, end: f.y1 });
  }

  function zoom(factor) {
    const { x_range: x, y_range: y } = plot;
    const [cx, cy] = [(x.start + x.end) / 2, (y.start + y.end) / 2];
    if (factor > 1 && (x.end - x.start) * factor >= fit(whole).x1 - fit(whole).x0) return look(whole);
    x.setv({ start: cx - (cx - x.start) * factor, end: cx + (x.end - cx) * factor });
    y.setv({ start: cy - (cy - y.start) * factor, end: cy + (y.end - cy) * factor });
  }

  // Centroid of the largest ring.
  function middle(xs, ys) {
    let best = [0, 0, 0];
    xs.forEach((ring, k) => {
      let area = 0, cx = 0, cy = 0;
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
        const cross = ring[j] * ys[k][i] - ring[i] * ys[k][j];
        area += cross; cx += (ring[j] + ring[i]) * cross; cy += (ys[k][j] + ys[k][i]) * cross;
      }
      if (Math.abs(area) > Math.abs(best[2])) best = [cx / (3 * area), cy / (3 * area), area];
    });
    return best;
  }

  const columns = data => model("ColumnDataSource", { data });
  const field = name => ({ field: name });

  function paint() { // colours of the theme
    plot.background_fill_color = plot.border_fill_color = colour("--sea");
    outlines.desa.fill_color = colour("--land");
    outlines.desa.line_color = colour("--desa");
    outlines.kecamatan.line_color = colour("--kecamatan");
    names.text_color = colour("--soft");
  }

  function build(shapes) {
    const flat = list => list.flat(3);
    whole = box(flat(shapes.kecamatan.xs), flat(shapes.kecamatan.ys), 0.06);
    const f = fit(whole);
    plot = model("Plot", {
      x_range: model("Range1d", { start: f.x0, end: f.x1 }), y_range: model("Range1d", { start: f.y0, end: f.y1 }),
      sizing_mode: "stretch_both", toolbar_location: null, min_border: 0, outline_line_alpha: 0,
    });
    const wheel = model("WheelZoomTool");
    plot.add_tools(model("PanTool"), wheel);
    if (matchMedia("(hover: hover)").matches) plot.toolbar.active_scroll = wheel;
    outlines = {
      desa: model("MultiPolygons", { xs: field("xs"), ys: field("ys"), line_width: 0.6 }),
      kecamatan: model("MultiPolygons", { xs: field("xs"), ys: field("ys"), fill_alpha: 0, line_width: 1.4 }),
    };
    for (const kind of ["desa", "kecamatan"]) plot.add_glyph(outlines[kind], columns({ xs: shapes[kind].xs, ys: shapes[kind].ys }));
    names = model("Text", {
      x: field("x"), y: field("y"), text: field("text"), text_align: "center", text_baseline: "middle", text_font_size: "10px",
      text_font: "system-ui, sans-serif", text_alpha: 0.85,
    });
    const middles = shapes.kecamatan.xs.map((xs, i) => middle(xs.map(p => p[0]), shapes.kecamatan.ys[i].map(p => p[0])));
    if (target.clientWidth > 560)
      plot.add_glyph(names, columns({ x: middles.map(m => m[0]), y: middles.map(m => m[1]), text: shapes.kecamatan.name }));
    rings = columns({ x: [], y: [], size: [] });
    points = columns({ x: [], y: [], marker: [], fill: [], line: [], size: [] });
    letters = columns({ x: [], y: [], text: [], ink: [], size: [] });
    plot.add_glyph(model("Scatter", { x: field("x"), y: field("y"), size: field("size"), fill_alpha: 0, line_color: "#888888", line_dash: [2, 2] }), rings);
    plot.add_glyph(model("Scatter", {
      x: field("x"), y: field("y"), marker: field("marker"), size: field("size"),
      fill_color: field("fill"), line_color: field("line"), line_width: 1.2,
    }), points);
    plot.add_glyph(model("Text", {
      x: field("x"), y: field("y"), text: field("text"), text_color: field("ink"), text_align: "center", text_baseline: "middle",
      text_font_size: field("size"), text_font_style: "bold", text_font: "system-ui, sans-serif",
    }), letters);
    paint();
  }

  const ink = c => { // black or white on a colour
    const [r, g, b] = [1, 3, 5].map(i => parseInt(c.slice(i, i + 2), 16));
    return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#000000" : "#ffffff";
  };

  // Shows these halls; bad news lies on top.
  function draw(shown) {
    halls = [...shown].sort((a, b) => weight(a) - weight(b));
    if (!plot) return;
    const wide = target.clientWidth > 560 ? 1 : 0.7;
    const looks = halls.map(hall => byKey.get(hall.view.state));
    const size = entry => wide * (entry.shape === "diamond" ? 19 : entry.shape === "ring" ? 9 : entry.shape ? 14 : 16);
    const xs = halls.map(hall => hall.lon), ys = halls.map(hall => hall.lat);
    points.data = {
      x: xs, y: ys, marker: looks.map(e => SHAPES.has(e.shape) ? e.shape : "circle"),
      fill: looks.map(e => e.shape === "ring" ? colour("--land") : e.colour),
      line: looks.map(e => e.shape === "ring" ? colour("--soft") : colour("--edge")), size: looks.map(size),
    };
    const lettered = halls.map((hall, i) => [hall, looks[i]]).filter(([, entry]) => !entry.shape);
    letters.data = {
      x: lettered.map(([h]) => h.lon), y: lettered.map(([h]) => h.lat),
      text: lettered.map(([, e]) => e.symbol), ink: lettered.map(([, e]) => ink(e.colour)),
      size: lettered.map(() => `${wide < 1 ? 9 : 11}px`),
    };
    const ringed = mixed ? halls.filter(hall => hall.coordinate_source === "centroid") : [];
    rings.data = { x: ringed.map(h => h.lon), y: ringed.map(h => h.lat), size: ringed.map(() => 24) };
    target.dataset.halls = String(halls.length);
  }
  const weight = hall => hall.view.state === "not_measured" ? -1 : byKey.get(hall.view.state).rank;

  function nearest(event) {
    const frame = target.getBoundingClientRect();
    const { x_range: x, y_range: y } = plot;
    const px = h => (h.lon - x.start) / (x.end - x.start) * frame.width - (event.clientX - frame.left);
    const py = h => (y.end - h.lat) / (y.end - y.start) * frame.height - (event.clientY - frame.top);
    let best = null, distance = NEAR[event.pointerType] || 12;
    for (const hall of halls) {
      const d = Math.hypot(px(hall), py(hall));
      if (d <= distance) [best, distance] = [hall, d];
    }
    return best;
  }

  function open(hall) {
    const close = element("button", { type: "button", class: "close", "aria-label": t("Close") }, "×");
    close.addEventListener("click", () => { card.hidden = true; });
    const rows = hall.modems.map(modem => element("li", {}, symbol(modem.state),
      element("b", {}, modem.operator || modem.modem), ` ${label(modem.state, modem.last_known)}`,
      modem.rsrp_dbm === undefined ? "" : element("small", {}, ` ${decimal.format(modem.rsrp_dbm)} dBm`)));
    card.replaceChildren(close,
      element("p", { class: "card-title" }, symbol(hall.state), element("span", {}, element("b", {}, hall.desa), element("small", {}, hall.kecamatan))),
      rows.length ? element("ul", {}, ...rows) : element("p", {}, label(hall.state)),
      element("p", { class: "card-end" }, element("small", {}, hall.updated ? t("updated {age}", { age: age(hall.updated) }) : t("no data yet")),
        element("a", { href: `/site/${encodeURIComponent(hall.code)}` }, t("Open this hall"))));
    card.hidden = false;
  }

  function listen() {
    target.addEventListener("pointerdown", event => { down = [event.clientX, event.clientY]; }, true);
    target.addEventListener("pointerup", event => {
      if (!down || Math.hypot(event.clientX - down[0], event.clientY - down[1]) > 6) return;
      const hall = nearest(event);
      if (hall) open(hall); else card.hidden = true;
    }, true);
    target.addEventListener("pointermove", event => {
      const hall = event.pointerType === "mouse" && !event.buttons ? nearest(event) : null;
      tip.hidden = !hall;
      target.classList.toggle("over", Boolean(hall));
      if (!hall) return;
      tip.replaceChildren(symbol(hall.view.state), element("span", {}, element("b", {}, hall.desa), element("small", {}, label(hall.view.state, hall.view.last_known))));
      const frame = target.getBoundingClientRect(), x = event.clientX - frame.left;
      tip.style.setProperty("--x", `${Math.min(x + 12, frame.width - 170)}px`);
      tip.style.setProperty("--y", `${event.clientY - frame.top + 14}px`);
    }, true);
    target.addEventListener("pointerleave", () => { tip.hidden = true; });
    for (const button of document.querySelectorAll("[data-zoom]"))
      button.addEventListener("click", () => button.dataset.zoom === "reset" ? look(whole) : zoom(button.dataset.zoom === "in" ? 0.6 : 1 / 0.6));
    dark.addEventListener("change", () => { paint(); draw(halls); });
    let width = target.clientWidth;
    new ResizeObserver(() => { if (target.clientWidth !== width) { width = target.clientWidth; look(whole); draw(halls); } }).observe(target);
  }

  async function start(all) {
    mixed = all.some(h => h.coordinate_source === "centroid") && all.some(h => h.coordinate_source !== "centroid");
    build(await json(settings.urls["boundaries.json"]));
    plot.x_range.properties.start.change.connect(touch);
    await show(plot, target);
    look(whole);
    touch();
    target.after(tip);
    document.querySelector(".map-tools").hidden = false;
    listen();
    draw(halls);
    target.dataset.ready = "true";
  }

  const focus = chosen => {
    card.hidden = true;
    if (plot) look(chosen.length ? box(chosen.map(h => h.lon), chosen.map(h => h.lat), 0.2) : whole);
  };

  return { start, draw, focus };
})();
