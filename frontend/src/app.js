// On every page. Pages work without it; this makes them quick. Under the content security policy
// nothing may be evaluated and no style written inline, so htmx is told to do neither.
import htmx from "htmx.org";
import "bootstrap/js/dist/collapse.js";
import "bootstrap/js/dist/dropdown.js";
import "bootstrap/js/dist/modal.js";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
window.htmx = htmx;
