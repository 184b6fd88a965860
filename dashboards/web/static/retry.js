// The store was away when this page was asked for: ask again until it answers.
"use strict";
setInterval(async () => {
  const reply = await fetch("/api/health").catch(() => null);
  if (reply?.ok) location.reload();
}, 10000);
