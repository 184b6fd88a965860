// One hall: charts by period, and everything else taken again from the server when a newer sample is there.
"use strict";
(() => {
  const { settings, t, json, poll, age, dark } = Sinyal;
  const fresh = document.getElementById("fresh");
  const ranges = document.getElementById("ranges");
  const address = `/api/sites/${encodeURIComponent(settings.code)}`;
  const PARTS = ["#verdict", "#modems", ".pair"];
  let updated = null, range = "24h", drawn = 0;

  async function charts() {
    SinyalCharts.draw(await json(`${address}/series?range=${range}`));
    drawn = Date.now();
  }

  function showFresh() {
    if (!updated) return;
    const late = Sinyal.now() - Date.parse(updated) > settings.window_s * 1000;
    fresh.textContent = (late ? `${t("no recent data")}, ` : "") + t("updated {age}", { age: age(updated) });
    fresh.classList.toggle("late", late);
  }

  async function read() {
    const detail = await json(address);
    const first = updated === null, newer = detail.hall.updated !== updated;
    updated = detail.hall.updated ?? null;
    showFresh();
    if (first || !newer) return "";
    const reply = await fetch(location.pathname);
    if (!reply.ok) throw new Error(`${reply.status}`);
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const part of PARTS) {
      const [old, made] = [document.querySelector(part), page.querySelector(part)];
      if (old && made) old.replaceWith(document.adoptNode(made));
    }
    if (ranges && Date.now() - drawn > 120000) await charts();
    return "";
  }

  ranges?.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    range = button.dataset.range;
    for (const other of ranges.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
    charts().catch(() => Sinyal.banner(t("The page cannot reach the server; what is shown is the last data.")));
  });
  dark.addEventListener("change", () => SinyalCharts.redraw());

  read().catch(() => Sinyal.banner(t("The page cannot reach the server; what is shown is the last data.")));
  if (ranges) charts().catch(() => Sinyal.banner(t("The page cannot reach the server; what is shown is the last data.")));
  poll(read);
  setInterval(showFresh, 5000);
})();
