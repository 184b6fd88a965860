// The alerts page takes its list again when an alert has changed; the answer is empty (304) while none has.
"use strict";
(() => {
  const { json, poll, renew, settings } = Sinyal;
  let seen = settings.seen;
  async function read() {
    const { alerts } = await json("/api/v1/alerts");
    const now = alerts.map(alert => `${alert.key} ${alert.state} ${alert.since} ${alert.until || ""}`).join();
    if (now !== seen) await renew("#main");
    seen = now;
    return "";
  }
  read().catch(() => Sinyal.banner(Sinyal.AWAY()));
  poll(read);
})();
