// The map that the server drew: moved, zoomed and asked. list.js says which halls are shown and in which state.
"use strict";
const SinyalMap = (() => {
  const { settings, byKey, t, element, drawn, symbol, label, age, decimal } = Sinyal;
  const map = document.getElementById("map"), points = document.getElementById("points"), leads = map.querySelector(".leads");
  const card = document.getElementById("card");
  const tip = element("div", { class: "tip", hidden: "" });
  const NEAR = { mouse: 12, touch: 24, pen: 18 }; // pixels within which a hall is meant
  const CLOSE = 14; // two halls that near to a finger are looked at closer first, pixels
  const DEEPEST = 24, LED = 9;
  const [, , width, height] = settings.whole, home = settings.view;
  const narrow = matchMedia("(max-width: 620px)");
  let view = [...home], halls = [], down = new Map(), moved = false, pinch = null;

  const place = hall => {
    const [x, y, dx, dy] = settings.spots[hall.n], k = view[2] / width;
    return [x + dx * k, y + dy * k, x, y];
  };
  const rank = hall => hall.view.state === "not_measured" ? -1 : byKey.get(hall.view.state).rank;

  // Symbols stay as large as they are on the screen, and part as the map grows.
  function paint() {
    map.setAttribute("viewBox", view.join(" "));
    const k = view[2] / width, size = settings.size * k * (narrow.matches ? 1.45 : 1);
    let lines = "";
    points.replaceChildren(...halls.map(hall => {
      const [x, y, trueX, trueY] = place(hall), { state } = hall.view;
      if (Math.hypot(x - trueX, y - trueY) > LED * k) lines += `M${trueX} ${trueY}L${x} ${y}`;
      return drawn("use", { href: `#s-${state}`, class: `k-${state}`, x: x - size / 2, y: y - size / 2, width: size, height: size });
    }));
    leads.setAttribute("d", lines);
    const zoomed = view[2] < home[2] * 0.98;
    map.classList.toggle("zoomed", zoomed);
    // A finger moves the page while the whole map is seen, and the map when it is zoomed.
    map.style.touchAction = zoomed ? "none" : "pan-y";
    map.querySelector(".sheet").setAttribute("font-size", 25 * k);
  }

  function look(to) {
    const w = Math.min(Math.max(to[2], width / DEEPEST), width), h = w * height / width;
    const clamp = (value, size, most) => Math.min(Math.max(value, 0), most - size);
    view = [clamp(to[0] + (to[2] - w) / 2, w, width), clamp(to[1] + (to[3] - h) / 2, h, height), w, h];
    paint();
  }

  // Zooms about a point of the sheet, which stays where it is on the screen.
  function zoom(factor, [x, y] = [view[0] + view[2] / 2, view[1] + view[3] / 2]) {
    const f = Math.min(Math.max(factor, width / DEEPEST / view[2]), width / view[2]);
    look([x - (x - view[0]) * f, y - (y - view[1]) * f, view[2] * f, view[3] * f]);
  }

  function at(event) {
    const frame = map.getBoundingClientRect();
    return [view[0] + (event.clientX - frame.left) / frame.width * view[2], view[1] + (event.clientY - frame.top) / frame.height * view[3]];
  }

  // The halls near a pointer, nearest first, with their distance in pixels.
  function near(event) {
    const [x, y] = at(event), pixel = map.getBoundingClientRect().width / view[2];
    return halls.map(hall => { const [px, py] = place(hall); return [Math.hypot(px - x, py - y) * pixel, hall]; })
      .filter(([distance]) => distance <= (NEAR[event.pointerType] || 12)).sort((a, b) => a[0] - b[0]);
  }

  function open(hall) {
    const close = element("button", { type: "button", class: "close", "aria-label": t("Close") }, "×");
    close.addEventListener("click", () => { card.hidden = true; });
    const rows = hall.modems.map(modem => element("li", {}, symbol(modem.state),
      element("b", {}, modem.name), ` ${label(modem.state, modem.last)}`,
      modem.rsrp === null || !byKey.get(modem.last ?? modem.state).level ? "" : element("small", {}, ` ${decimal.format(modem.rsrp)} dBm`)));
    card.replaceChildren(close,
      element("p", { class: "card-title" }, symbol(hall.all.state), element("span", {}, element("b", {}, hall.desa), element("small", {}, hall.kecamatan))),
      rows.length ? element("ul", {}, ...rows) : element("p", {}, label(hall.all.state)),
      element("p", { class: "card-end" }, element("small", {}, hall.updated ? t("updated {age}", { age: age(hall.updated) }) : t("no data yet")),
        element("a", { href: `/site/${encodeURIComponent(hall.code)}` }, t("Open this hall"))));
    card.hidden = false;
  }

  function tap(event) {
    const found = near(event);
    if (!found.length) { card.hidden = true; return; }
    const crowd = found.filter(([distance]) => distance < CLOSE);
    if (event.pointerType === "touch" && crowd.length > 1 && view[2] > width / DEEPEST) { zoom(0.4, at(event)); return; }
    open(found[0][1]);
  }

  function press(event) {
    down.set(event.pointerId, event);
    if (down.size === 1) moved = false;
    pinch = null;
    if (event.pointerType === "mouse") map.setPointerCapture(event.pointerId);
  }

  function move(event) {
    if (!down.has(event.pointerId)) { hover(event); return; }
    const before = down.get(event.pointerId), scale = view[2] / map.getBoundingClientRect().width;
    if (down.size === 2) {
      down.set(event.pointerId, event);
      const [a, b] = [...down.values()], span = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      if (pinch) zoom(pinch / span, at({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 }));
      pinch = span;
      moved = true;
      return;
    }
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    if (!moved && Math.hypot(dx, dy) < 6) return;
    moved = true;
    tip.hidden = true;
    down.set(event.pointerId, event);
    if (view[2] < width) look([view[0] - dx * scale, view[1] - dy * scale, view[2], view[3]]);
  }

  function lift(event) {
    const pressed = down.delete(event.pointerId);
    pinch = null;
    if (pressed && !moved && event.type === "pointerup") tap(event);
  }

  function hover(event) {
    const hall = event.pointerType === "mouse" ? near(event)[0]?.[1] : null;
    tip.hidden = !hall;
    map.classList.toggle("over", Boolean(hall));
    if (!hall) return;
    tip.replaceChildren(symbol(hall.view.state), element("span", {}, element("b", {}, hall.desa), element("small", {}, label(hall.view.state, hall.view.last))));
    const frame = map.getBoundingClientRect(), x = event.clientX - frame.left;
    tip.style.setProperty("--x", `${Math.min(x + 12, frame.width - 170)}px`);
    tip.style.setProperty("--y", `${event.clientY - frame.top + 14}px`);
  }

  // Shows these halls; bad news lies on top.
  function draw(shown) {
    halls = [...shown].sort((a, b) => rank(a) - rank(b));
    paint();
    map.dataset.halls = String(halls.length);
    map.dataset.ready = "true";
  }

  function focus(chosen) {
    card.hidden = true;
    if (!chosen.length) { look([...home]); return; }
    const xs = chosen.map(hall => settings.spots[hall.n][0]), ys = chosen.map(hall => settings.spots[hall.n][1]);
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const w = Math.max((x1 - x0) * 1.3, (y1 - y0) * 1.3 * width / height, width / 12), h = w * height / width;
    look([(x0 + x1 - w) / 2, (y0 + y1 - h) / 2, w, h]);
  }

  map.addEventListener("pointerdown", press);
  map.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel"]) map.addEventListener(end, lift);
  map.addEventListener("pointerleave", () => { tip.hidden = true; });
  map.addEventListener("wheel", event => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, at(event));
  }, { passive: false });
  for (const button of document.querySelectorAll("[data-zoom]"))
    button.addEventListener("click", () => button.dataset.zoom === "reset" ? look([...home]) : zoom(button.dataset.zoom === "in" ? 0.6 : 1 / 0.6));
  narrow.addEventListener("change", paint);
  map.after(tip);
  document.querySelector(".map-tools").hidden = false;

  return { draw, focus };
})();
