// The list with its filter, the counts, and the snapshot that is fetched again; the map shows what the list shows.
"use strict";
(() => {
  const { settings, byKey, t, json, poll, age, label, element, symbol, decimal } = Sinyal;
  const form = document.getElementById("filters");
  const body = document.querySelector("#halls tbody");
  const fresh = document.getElementById("fresh");
  let halls = [], generated = fresh.dataset.generated, kecamatan = settings.wanted.kecamatan;

  // As dashboards/web/listing.py: an operator that no modem measures there is not measured, never "no service".
  function view(hall, operator) {
    if (!operator) return hall;
    const modem = hall.modems.find(m => (m.operator || "?") === operator);
    return modem ? { ...modem, updated: modem.time } : { state: "not_measured" };
  }

  function wanted() {
    const data = new FormData(form);
    return Object.fromEntries(["q", "kecamatan", "operator", "state"].map(name => [name, String(data.get(name) || "")]));
  }

  function matches(hall, w) {
    const text = w.q.trim().toLocaleLowerCase("id");
    return (!text || hall.desa.toLocaleLowerCase("id").includes(text) || hall.code.startsWith(text))
      && (!w.kecamatan || hall.kecamatan === w.kecamatan) && (!w.state || hall.view.state === w.state);
  }

  function row(hall) {
    const { state, last_known: last, rsrp_dbm: rsrp, updated } = hall.view;
    const text = element("span", {}, label(state, last));
    if (rsrp !== undefined) text.append(element("small", {}, `${decimal.format(rsrp)} dBm`));
    const operators = hall.modems.map(modem => element("span", { class: "op", title: `${modem.operator || modem.modem}: ${label(modem.state)}` },
      symbol(modem.state), modem.operator || modem.modem, element("span", { class: "hidden" }, `: ${label(modem.state)}`)));
    return element("tr", { "data-code": hall.code },
      element("th", { scope: "row" }, element("a", { href: `/site/${encodeURIComponent(hall.code)}` }, hall.desa), element("small", {}, hall.kecamatan)),
      element("td", {}, symbol(state), text),
      element("td", { class: "ops" }, ...operators),
      element("td", { class: "age" }, updated ? element("time", { datetime: updated, "data-age": "" }, age(updated)) : "–"));
  }

  function show() {
    const w = wanted();
    for (const hall of halls) hall.view = view(hall, w.operator);
    const shown = halls.filter(hall => matches(hall, w));
    const focused = document.activeElement?.closest?.("tr[data-code]")?.dataset.code;
    body.replaceChildren(...shown.map(row));
    if (focused) body.querySelector(`tr[data-code="${CSS.escape(focused)}"] a`)?.focus({ preventScroll: true });
    document.getElementById("shown").textContent = t("{n} of {all} village halls", { n: shown.length, all: halls.length });
    document.getElementById("empty").hidden = shown.length > 0;
    count(w);
    SinyalMap.draw(shown);
    if (w.kecamatan !== kecamatan) {
      kecamatan = w.kecamatan;
      SinyalMap.focus(kecamatan ? halls.filter(hall => hall.kecamatan === kecamatan) : []);
    }
  }

  function count(w) { // what each class would show, the state filter aside
    const found = new Map();
    for (const hall of halls) if (matches(hall, { ...w, state: "" })) found.set(hall.view.state, (found.get(hall.view.state) || 0) + 1);
    for (const button of document.querySelectorAll("#counts button")) {
      const n = found.get(button.dataset.state) || 0;
      button.querySelector("b").textContent = n;
      button.setAttribute("aria-pressed", String(w.state === button.dataset.state));
      button.parentElement.classList.toggle("none", !n);
    }
  }

  function showFresh() {
    const newest = halls.reduce((last, hall) => hall.updated > last ? hall.updated : last, "");
    fresh.classList.toggle("late", Boolean(newest) && Sinyal.now() - Date.parse(newest) > settings.window_s * 1000);
    fresh.textContent = t("Updated {age}", { age: age(generated) }) + (newest ? ` · ${t("newest data {age}", { age: age(newest) })}` : "");
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

  async function read() {
    const snapshot = await json("/api/sites");
    generated = snapshot.generated;
    halls = snapshot.features.map(feature => feature.properties).sort((a, b) => a.kecamatan.localeCompare(b.kecamatan) || a.desa.localeCompare(b.desa));
    show();
    showFresh();
    return snapshot.stale ? t("The database cannot be read; what is shown is the last data.") : "";
  }

  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("input", () => { show(); remember(); });
  document.getElementById("clear").addEventListener("click", event => {
    event.preventDefault();
    for (const name of ["q", "kecamatan", "operator", "state"]) form.elements[name].value = "";
    show();
    remember();
  });
  document.getElementById("counts").addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    form.elements.state.value = form.elements.state.value === button.dataset.state ? "" : button.dataset.state;
    show();
    remember();
  });

  read().then(text => { Sinyal.banner(text); return SinyalMap.start(halls); }).then(() => {
    if (kecamatan) SinyalMap.focus(halls.filter(hall => hall.kecamatan === kecamatan));
  }).catch(() => Sinyal.banner(t("The page cannot reach the server; what is shown is the last data.")));
  poll(read);
  setInterval(showFresh, 5000);
})();
