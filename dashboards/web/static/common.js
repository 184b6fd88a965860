// What all pages share: settings from the server, words, numbers and ages as the language writes them, polling.
"use strict";
const Sinyal = (() => {
  const settings = JSON.parse(document.getElementById("settings").textContent);
  const locale = settings.language === "id" ? "id-ID" : "en-GB";
  const byKey = new Map(settings.legend.map((entry, rank) => [entry.key, { ...entry, rank }]));
  const digits = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const decimal = { format: value => digits.format(value).replace("-", "−") };
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
  let ahead = 0; // how far the server's clock is ahead of this one, ms

  const t = (message, values = {}) => settings.texts[message].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const now = () => Date.now() + ahead;

  function age(iso) {
    const seconds = (now() - Date.parse(iso)) / 1000;
    if (seconds < 10) return t("just now");
    for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) // as span in ground/words.py
      if (seconds >= 2 * length) return relative.format(-Math.floor(seconds / length), unit);
    return relative.format(-Math.floor(seconds), "second");
  }

  function label(state, lastKnown) {
    if (state === "silent" && lastKnown) return t("no recent data; last {state}", { state: byKey.get(lastKnown).label.toLowerCase() });
    return byKey.get(state).label;
  }

  // Data come in by textContent and attributes only, never as HTML.
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function symbol(key) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", `sym k-${key}`);
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `#s-${key}`);
    svg.append(use);
    return svg;
  }

  function banner(text) {
    const line = document.getElementById("banner");
    line.hidden = !text;
    if (line.textContent !== text) line.textContent = text;
  }

  async function json(address) {
    const reply = await fetch(address, { headers: { Accept: "application/json" } });
    if (!reply.ok) throw new Error(`${address}: ${reply.status}`);
    const date = Date.parse(reply.headers.get("Date"));
    if (date) ahead = date - Date.now();
    return reply.json();
  }

  // Calls again and again while somebody looks, and at once when the page is looked at again.
  function poll(task) {
    let last = Date.now();
    const step = async () => {
      if (document.hidden || Date.now() - last < settings.refresh_s * 1000) return;
      last = Date.now();
      try { banner((await task()) || ""); } catch (error) { banner(t("The page cannot reach the server; what is shown is the last data.")); }
    };
    setInterval(step, 1000);
    document.addEventListener("visibilitychange", step);
  }

  function showAges() {
    for (const time of document.querySelectorAll("time[data-age]")) time.textContent = age(time.dateTime);
  }
  setInterval(showAges, 15000);

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const model = (name, properties) => new (Bokeh.Models.get(name))(properties);

  // Puts a plot into an element as the whole of it; touches on it scroll the page up and down unless --touch says otherwise.
  async function show(plot, target) {
    plot.stylesheets = [":host, .bk-events, .bk-canvas-events { touch-action: var(--touch, pan-y); }"];
    const page = new (Bokeh.require("document").Document)();
    page.add_root(plot);
    target.replaceChildren();
    return Bokeh.embed.add_document_standalone(page, target);
  }

  return { settings, byKey, decimal, t, now, age, label, element, symbol, banner, json, poll, showAges, dark, colour, model, show };
})();
