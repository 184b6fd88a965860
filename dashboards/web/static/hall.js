// One hall: charts by period, and everything else taken again from the server when a newer sample is there.
"use strict";
(() => {
  const { settings, t, json, age, renew, dark, AWAY } = Sinyal;
  const fresh = document.getElementById("fresh"), ranges = document.getElementById("ranges");
  const series = range => `/api/v1/sites/${encodeURIComponent(settings.code)}/series?range=${range}`;
  let updated = Date.parse(document.getElementById("verdict").dataset.updated) || null, range = "24h", drawn = 0;

  async function charts() {
    SinyalCharts.draw(await json(series(range)));
    drawn = Date.now();
  }

  function showFresh() {
    if (!updated) return;
    const late = Sinyal.now() - updated > settings.window_s * 1000;
    fresh.textContent = (late ? `${t("no recent data")}, ` : "") + t("updated {age}", { age: age(updated) });
    fresh.classList.toggle("late", late);
  }

  async function news(changed) {
    if (changed && !changed.includes(settings.number)) return;
    try {
      await renew("#verdict", "#modems", ".pair", "#days");
      updated = Date.parse(document.getElementById("verdict").dataset.updated) || null;
      showFresh();
      if (!ranges && document.querySelector(".modem[data-modem]")) location.reload(); // its first data: now there are charts
      if (ranges && Date.now() - drawn > 120000) await charts();
    } catch { Sinyal.banner(AWAY()); }
  }

  ranges?.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    range = button.dataset.range;
    for (const other of ranges.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
    charts().catch(() => Sinyal.banner(AWAY()));
  });
  dark.addEventListener("change", () => SinyalCharts.redraw());

  showFresh();
  if (ranges) charts().catch(() => Sinyal.banner(AWAY()));
  SinyalFeed.start(news);
  setInterval(showFresh, 5000);
})();
