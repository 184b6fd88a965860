// The list with its filter and order, the sentence and the counts, brought up to date by the feed; the map shows what the list shows.
"use strict";
(() => {
  const { settings, byKey, t, fill, age, label, element, symbol, decimal } = Sinyal;
  const FIRST = matchMedia("(max-width: 620px)").matches ? 10 : 40; // rows before somebody asks for more; on a phone the map is below
  const form = document.getElementById("filters"), body = document.querySelector("#halls tbody");
  const fresh = document.getElementById("fresh"), more = document.getElementById("more");
  const order = new Map(settings.order.map((key, place) => [key, place])), rank = key => byKey.get(key)?.rank ?? 0;
  let kecamatan = settings.wanted.kecamatan, everything = false;

  const halls = [...body.rows].map(row => ({
    row, n: Number(row.dataset.n), code: row.querySelector("a").pathname.split("/").pop(), desa: row.querySelector("a").textContent,
    kecamatan: row.dataset.kecamatan || row.querySelector("th small")?.textContent || "",
  }));

  // As dashboards/web/state.py: the best modem gives the state of its hall.
  function judge(hall) {
    const { updated, modems } = SinyalFeed.row(hall.n);
    hall.modems = modems;
    hall.updated = updated;
    const best = [...modems].sort((a, b) => rank(a.state) - rank(b.state) || rank(a.last) - rank(b.last))[0];
    hall.all = best ? { ...best, time: updated } : { state: "not_measured", rsrp: null, last: null, time: null };
  }

  // As dashboards/web/listing.py: an operator that no modem measures there is not measured, never "no service".
  function view(hall, operator) {
    if (!operator) return hall.all;
    return hall.modems.find(m => (m.operator || "?") === operator) || { state: "not_measured", rsrp: null, last: null, time: null };
  }

  function wanted() {
    const data = new FormData(form);
    return Object.fromEntries(["q", "kecamatan", "operator", "state", "sort"].map(name => [name, String(data.get(name) || "")]));
  }

  function matches(hall, w) {
    const text = w.q.trim().toLocaleLowerCase("id");
    return (!text || hall.desa.toLocaleLowerCase("id").includes(text) || hall.code.startsWith(text))
      && (!w.kecamatan || hall.kecamatan === w.kecamatan) && (!w.state || hall.view.state === w.state);
  }

  function write({ row, view: { state, last, rsrp, time }, modems }) {
    const [, name, operators, seen] = row.cells, text = element("span", {}, label(state, last));
    if (rsrp !== null && byKey.get(last ?? state).level) text.append(element("small", {}, `${decimal.format(rsrp)} dBm`));
    name.replaceChildren(symbol(state), text);
    operators.replaceChildren(...modems.map(modem =>
      element("span", { class: "op" }, symbol(modem.state), modem.name, element("span", { class: "hidden" }, `: ${label(modem.state)}`))));
    const old = seen.querySelector("time"), iso = time && new Date(time).toISOString();
    if (!time) seen.textContent = "–";
    else if (old) [old.dateTime, old.textContent] = [iso, age(time)];
    else seen.replaceChildren(element("time", { datetime: iso, "data-age": "" }, age(time)));
  }

  function show() {
    const w = wanted();
    for (const hall of halls) hall.view = view(hall, w.operator);
    const place = hall => w.sort === "name" ? 0 : order.get(hall.view.state);
    halls.sort((a, b) => place(a) - place(b) || a.kecamatan.localeCompare(b.kecamatan) || a.desa.localeCompare(b.desa));
    const shown = halls.filter(hall => matches(hall, w)), seen = new Set(everything ? shown : shown.slice(0, FIRST));
    halls.forEach((hall, k) => {
      hall.row.hidden = !seen.has(hall);
      write(hall);
      if (body.rows[k] !== hall.row) body.insertBefore(hall.row, body.rows[k]);
    });
    more.hidden = seen.size === shown.length;
    more.textContent = t("Show all {n}", { n: shown.length });
    document.getElementById("shown").textContent = t("{n} of {all} village halls", { n: shown.length, all: halls.length });
    document.getElementById("empty").hidden = shown.length > 0;
    count(w);
    SinyalMap.draw(shown);
    if (w.kecamatan !== kecamatan) {
      kecamatan = w.kecamatan;
      SinyalMap.focus(kecamatan ? halls.filter(hall => hall.kecamatan === kecamatan) : []);
    }
  }

  function count(w) { // what each class would show, the state filter aside; the sentence is of all halls
    const found = new Map(), kinds = {};
    for (const hall of halls) {
      if (matches(hall, { ...w, state: "" })) found.set(hall.view.state, (found.get(hall.view.state) || 0) + 1);
      const kind = settings.kinds[hall.view.state];
      kinds[kind] = (kinds[kind] || 0) + 1;
    }
    for (const button of document.querySelectorAll("#counts button")) {
      const n = found.get(button.dataset.state) || 0;
      button.querySelector("b").textContent = n;
      button.setAttribute("aria-pressed", String(w.state === button.dataset.state));
      button.parentElement.classList.toggle("none", !n);
    }
    const parts = settings.sentence.filter(([kind]) => kinds[kind]).map(([kind, text]) => fill(text, { n: kinds[kind] }));
    const first = t("Adequate 4G is available at {n} of {all} village halls", { n: kinds.adequate || 0, all: halls.length });
    document.getElementById("sentence").textContent = (w.operator && w.operator !== "?" ? `${settings.operators[w.operator] ?? w.operator}: ` : "") + [first, ...parts].join("; ") + ".";
  }

  function showFresh() {
    const newest = Math.max(0, ...halls.map(hall => hall.updated || 0));
    fresh.classList.toggle("late", newest > 0 && Sinyal.now() - newest > settings.window_s * 1000);
    fresh.textContent = newest ? t("newest data {age}", { age: age(newest) }) : t("no data yet");
  }

  function remember() {
    const query = new URLSearchParams(Object.entries(wanted()).filter(([, value]) => value));
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
    for (const link of document.querySelectorAll(".languages a")) {
      const other = new URLSearchParams(query);
      other.set("lang", link.hreflang);
      link.href = `${location.pathname}?${other}`;
    }
  }

  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("input", () => { show(); remember(); });
  document.getElementById("clear").addEventListener("click", event => {
    event.preventDefault();
    for (const field of form.elements) if (field.name) field.value = "";
    show();
    remember();
  });
  more.addEventListener("click", () => { everything = true; show(); });
  document.getElementById("counts").addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    form.elements.state.value = form.elements.state.value === button.dataset.state ? "" : button.dataset.state;
    show();
    remember();
  });

  for (const hall of halls) judge(hall);
  show();
  showFresh();
  if (kecamatan) SinyalMap.focus(halls.filter(hall => hall.kecamatan === kecamatan));
  SinyalFeed.start(changed => {
    for (const hall of halls) if (!changed || changed.includes(hall.n)) judge(hall);
    show();
    showFresh();
  });
  setInterval(showFresh, 5000);
})();
