// Only on pages with a chart. SVG and rich-text tooltips: the default HTML tooltip writes inline
// styles, which the content security policy refuses. Each chart has its table on the same page.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

const ink = "#1b2530", soft = "#54606d", line = "#d5dce4", brand = "#1c4f82", pale = "#b9cde1";
const font = '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC",sans-serif';
const base = {
  animation: false, // a page that is printed or looked at once has no time for it
  textStyle: { fontFamily: font, color: ink },
  tooltip: { trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: "shadow" } },
};
// Less than this for each upright bar (a phone): the bars lie, one line a unit.
const LEAST = 15, LINE = 19;
const lies = (data, width) => width / Math.max(1, data.names.length) < LEAST;

// One bar a unit. Many units: names are written downwards, one sign under the other.
function bars(data, width) {
  if (lies(data, width)) return lying(data);
  const narrow = width / Math.max(1, data.names.length) < 44;
  const upright = (name) => (narrow ? [...name].join("\n") : name);
  return {
    ...base,
    grid: { left: 40, right: 8, top: 22, bottom: narrow ? 62 : 26 },
    xAxis: {
      type: "category", data: data.names, axisTick: { show: false }, axisLine: { lineStyle: { color: line } },
      axisLabel: { interval: 0, formatter: upright, color: ink, fontSize: 11, lineHeight: 13, hideOverlap: false },
    },
    yAxis: {
      type: "value", min: 0, max: 100, interval: 25,
      axisLabel: { formatter: "{value}%", color: soft, fontSize: 11 }, splitLine: { lineStyle: { color: "#e8edf3" } },
    },
    series: [{
      type: "bar", name: data.label, data: data.values, barMaxWidth: 26, itemStyle: { color: brand },
      label: { show: !narrow, position: "top", formatter: (item) => data.shown[item.dataIndex], color: ink, fontSize: 11 },
    }],
    tooltip: {
      ...base.tooltip,
      formatter: ([item]) => `${item.name}  ${data.shown[item.dataIndex]}（${data.notes[item.dataIndex]}）`,
    },
  };
}

function lying(data) {
  const upright = bars({ ...data, names: [] }, LEAST * 100);
  return {
    ...upright,
    grid: { left: 90, right: 52, top: 4, bottom: 22 },
    xAxis: { ...upright.yAxis, max: Math.max(100, ...data.values) },
    yAxis: { ...upright.xAxis, data: data.names, inverse: true, axisLabel: { interval: 0, color: ink, fontSize: 11, width: 84, overflow: "truncate" } },
    series: upright.series.map((one) => ({ ...one, barMaxWidth: 12, label: { ...one.label, show: true, position: "right" } })),
  };
}

// Twelve month ends: how many of how many, and the rate over them.
function trend(data) {
  return {
    ...base,
    legend: { top: 0, right: 0, itemHeight: 10, textStyle: { color: soft, fontSize: 11 } },
    grid: { left: 46, right: 44, top: 26, bottom: 26 },
    xAxis: {
      type: "category", data: data.names, axisTick: { show: false }, axisLine: { lineStyle: { color: line } },
      axisLabel: { color: ink, fontSize: 11, hideOverlap: true },
    },
    yAxis: [
      { type: "value", minInterval: 1, axisLabel: { color: soft, fontSize: 11 }, splitLine: { lineStyle: { color: "#e8edf3" } } },
      { type: "value", min: 0, max: 100, interval: 25, axisLabel: { formatter: "{value}%", color: soft, fontSize: 11 }, splitLine: { show: false } },
    ],
    series: [
      { type: "bar", name: "分子", stack: "cases", data: data.parts, barMaxWidth: 22, itemStyle: { color: brand } },
      { type: "bar", name: "其余", stack: "cases", data: data.rests, barMaxWidth: 22, itemStyle: { color: pale } },
      {
        type: "line", name: data.label, yAxisIndex: 1, data: data.values, symbol: "circle", symbolSize: 6,
        lineStyle: { color: "#b35900", width: 2 }, itemStyle: { color: "#b35900" },
      },
    ],
    tooltip: {
      ...base.tooltip,
      formatter: (items) => {
        const at = items[0].dataIndex;
        const whole = data.parts[at] + data.rests[at];
        return `截至 ${items[0].name}   ${data.label} ${data.shown[at]}（${data.parts[at]}/${whole}）`;
      },
    },
  };
}

// <div data-chart="ID" data-sort="bars|trend"> draws what (without a sort: the options) <script type="application/json" id="ID"> holds.
const sorts = { bars, trend };
const plain = (options) => ({ ...options, tooltip: { ...options.tooltip, renderMode: "richText" } });
for (const place of document.querySelectorAll("[data-chart]")) {
  const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const make = sorts[place.dataset.sort] ?? plain;
  const chart = init(place, null, { renderer: "svg" });
  let width = 0;
  new ResizeObserver(() => {
    if (place.clientWidth === width) return;
    width = place.clientWidth;
    if (make === bars) place.style.height = lies(data, width) ? `${data.names.length * LINE + 30}px` : "";
    chart.resize();
    chart.setOption(make(data, width), true);
  }).observe(place);
}
