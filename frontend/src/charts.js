// Only on pages with a chart. SVG and rich-text tooltips: the default HTML tooltip writes inline
// styles, which the content security policy refuses.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

// <div data-chart="ID"> draws the options in <script type="application/json" id="ID">.
for (const place of document.querySelectorAll("[data-chart]")) {
  const options = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const chart = init(place, null, { renderer: "svg" });
  chart.setOption({ ...options, tooltip: { ...options.tooltip, renderMode: "richText" } });
  new ResizeObserver(() => chart.resize()).observe(place);
}
