const events = new EventSource("/watch");
let wasConnected = false;
events.addEventListener("reload", () => location.reload());
events.addEventListener("connected", () => {
  if (wasConnected) location.reload();
  wasConnected = true;
  document.getElementById("live")?.classList.add("on");
});
events.addEventListener("error", () => document.getElementById("live")?.classList.remove("on"));
