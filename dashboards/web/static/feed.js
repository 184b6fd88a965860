// News of all halls: a stream where it comes through, else the page asks. The rows are those of dashboards/web/live.py.
"use strict";
const SinyalFeed = (() => {
  const { settings, json, t, banner, AWAY } = Sinyal;
  const EPOCH = Date.UTC(2026, 0, 1), QUIET = 3 * settings.refresh_s * 1000;
  let state = settings.rows, tell = () => {}, source = null, heard = Date.now(), asked = Date.now();

  const time = minute => minute === null || minute === undefined ? null : EPOCH + minute * 60000;

  // Returns what a row says, in words: modems with operator, state, RSRP, last known state, time.
  function read(row) {
    const keys = settings.legend.map(entry => entry.key), [minute, modems] = row;
    return {
      updated: time(minute),
      modems: modems.map(([name, key, rsrp, last, late]) => {
        const text = state.names[name], known = !text.startsWith("?");
        return {
          operator: known ? text : null, name: known ? settings.operators[text] ?? text : text.slice(1), state: keys[key],
          rsrp: rsrp ?? null, last: last === null || last === undefined ? null : keys[last], time: time(minute - (late || 0)),
        };
      }),
    };
  }

  // Another register or another version of the page: what is kept is of no use, so it is taken anew, once.
  function another(news) {
    if (news.register === state.register) return false;
    if (sessionStorage.getItem("register") !== news.register) {
      sessionStorage.setItem("register", news.register);
      caches?.keys().then(names => Promise.all(names.map(name => caches.delete(name)))).finally(() => location.reload());
    }
    return true;
  }

  function take(news) {
    heard = Date.now();
    if (news && !another(news)) {
      const rows = news.rows || state.rows, changed = Object.keys(news.changed || {}).map(Number);
      for (const k of changed) if (rows) rows[k] = news.changed[k];
      state = { ...state, ...news, rows };
      tell(news.rows ? null : changed);
    }
    banner(state.stale ? t("The database cannot be read; what is shown is the last data.") : "");
  }

  function listen() {
    if (!window.EventSource || source) return;
    source = new EventSource(`${settings.live.stream}?since=${state.version}`);
    source.onmessage = event => take(JSON.parse(event.data));
    source.onopen = () => { heard = Date.now(); };
    source.onerror = () => { source?.close(); source = null; };
  }

  async function step() {
    if (document.hidden) { source?.close(); source = null; return; } // nobody looks: nothing is sent
    if (source && Date.now() - heard < QUIET) return;
    if (Date.now() - asked < settings.refresh_s * 1000) return;
    asked = Date.now();
    try { take(await json(`${settings.live.path}?since=${state.version}`)); listen(); } catch { banner(AWAY()); }
  }

  // Tells `task` the numbers of the halls that changed, null for all. What the page was made with may be old: asks at once.
  function start(task) {
    tell = task;
    json(`${settings.live.path}?since=${state.version}`).then(news => { take(news); listen(); }).catch(() => banner(AWAY()));
    setInterval(step, 1000);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) { asked = 0; step(); } });
    addEventListener("online", () => { asked = 0; step(); });
    addEventListener("pagehide", () => { source?.close(); source = null; });
  }

  return { start, read, rows: () => state.rows, row: n => read(state.rows[n]), newest: () => time(state.newest) };
})();
