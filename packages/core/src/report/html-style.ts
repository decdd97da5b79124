/** Dark as a reading room; on paper dark on white. Nothing depends on colour alone. */
export const STYLE = `
:root{color-scheme:dark;--ground:#0c1014;--panel:#141a20;--line:#27313a;--text:#dfe5ea;--soft:#97a4b0;--bone:#8fb8d8;--mark:#ffb347;--hatch:#3a4652}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.notice{background:#2a2110;border-bottom:1px solid #6b5320;color:#ffdf9e;padding:10px 24px;font-weight:600}
main,header.head{max-width:1240px;margin:0 auto;padding:0 24px}
header.head{padding-top:22px}
h1{font-size:15px;font-weight:600;margin:0;color:var(--soft);letter-spacing:.02em}
h2{font-size:13px;font-weight:600;margin:0 0 12px;color:var(--soft);letter-spacing:.06em;text-transform:uppercase}
h3{font-size:19px;font-weight:600;margin:0}
p{margin:0}
.soft{color:var(--soft)}
.small{font-size:13px}
.break{overflow-wrap:anywhere}
.verdict{margin:18px 0 22px;padding:18px 22px;background:var(--panel);border:1px solid var(--line);border-left:6px solid var(--soft);border-radius:6px;display:flex;gap:12px 32px;align-items:baseline;flex-wrap:wrap}
.verdict strong{display:block;font-size:28px;line-height:1.2;font-weight:650}
.verdict .number{margin-left:auto;text-align:right}
.verdict .number b{font-size:28px;font-weight:500;font-variant-numeric:tabular-nums}
.verdict.fracture{border-left-color:var(--mark)}
.verdict.fracture strong{color:var(--mark)}
.verdict.not-assessable{border-left-style:double;border-left-width:9px}
.verdict div:first-child{flex:1 1 420px}
.columns{display:grid;grid-template-columns:minmax(280px,5fr) minmax(380px,6fr);gap:22px;align-items:start}
section,.card{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:18px 20px;margin-bottom:22px}
.columns section{margin-bottom:0}
.columns>*{min-width:0}
.columns>div{display:grid;gap:22px}
.columns>div>*{min-width:0}
.columns+*{margin-top:22px}
.figure{display:block;width:100%;height:auto;background:#000;border-radius:3px}
.overview .figure{max-height:860px}
.figure image{image-rendering:auto}
.outline{fill:none;stroke:var(--bone);stroke-width:1.4;vector-effect:non-scaling-stroke;stroke-linejoin:round;opacity:.85}
.outline.flagged{stroke:var(--mark);stroke-width:2.2;opacity:1}
.close .outline{stroke-width:1;opacity:.55}
.close .outline.flagged{stroke-width:1.5;opacity:.85;stroke-dasharray:4 3}
.name{fill:#c4dcf0;paint-order:stroke;stroke:#000;stroke-width:.22em;font-weight:600}
.name.flagged{fill:var(--mark)}
.box{fill:none;stroke:var(--mark);stroke-width:2;vector-effect:non-scaling-stroke}
.level{fill:none;stroke:var(--mark);stroke-width:2;vector-effect:non-scaling-stroke}
.frame text{fill:#aab6c1;paint-order:stroke;stroke:#000;stroke-width:.2em}
.frame .small{font-size:.75em}
.scale{stroke:#aab6c1;stroke-width:2;vector-effect:non-scaling-stroke}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{font-weight:500;color:var(--soft);text-align:left;font-size:13px}
th,td{padding:7px 10px 7px 0;border-bottom:1px solid var(--line);vertical-align:middle}
tr:last-child>*{border-bottom:0}
td:last-child,th:last-child{padding-right:0}
.number-cell{text-align:right;white-space:nowrap}
.bars th[scope=row]{color:var(--text);font-weight:600;font-size:15px;white-space:nowrap}
.bars tr.patient>*{border-top:2px solid var(--line)}
.bars td.bar{width:44%;min-width:70px}
.bars .call{white-space:nowrap}
.bars .call .small{white-space:normal}
.bars tr.fracture .call{color:var(--mark);font-weight:650}
.bars tr.not-assessable .call{color:var(--soft);font-style:italic}
.track{position:relative;height:16px;background:#1f272f;border-radius:2px}
.fill{position:absolute;inset:0 auto 0 0;background:#6f93ad;border-radius:2px}
.fracture .fill{background:var(--mark)}
.threshold{position:absolute;top:-4px;bottom:-4px;width:2px;background:#fff}
.hatched{background:repeating-linear-gradient(135deg,var(--hatch) 0 4px,transparent 4px 9px);border:1px dashed #5a6875}
.card .pair{display:grid;grid-template-columns:1fr 1fr;gap:16px;margin-top:14px}
.card figure,.overview figure{margin:0}
figcaption{color:var(--soft);font-size:13px;margin-top:6px}
.card header{display:flex;flex-wrap:wrap;gap:4px 24px;align-items:baseline}
.findings{list-style:none;margin:0;padding:0;display:grid;gap:10px}
.findings li{display:grid;grid-template-columns:6.5em 1fr}
.findings b{font-weight:600}
.findings .warning b,.findings .blocking b{color:var(--mark)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:5px 18px;margin:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
summary{cursor:pointer;color:var(--bone)}
summary:focus-visible{outline:2px solid var(--bone);outline-offset:3px}
.scroll{overflow-x:auto}
details ul{margin:8px 0 0;padding-left:20px;max-height:320px;overflow:auto}
@media (max-width:820px){.columns{grid-template-columns:1fr}.card .pair{grid-template-columns:1fr}.bars thead .hint{display:none}.bars td,.bars th{padding-right:7px}.verdict .number{margin-left:0;text-align:left}main,header.head{padding-left:14px;padding-right:14px}}
@media print{
:root{color-scheme:light;--ground:#fff;--panel:#fff;--line:#b9c2ca;--text:#111;--soft:#48535c;--bone:#1d567d;--mark:#8a4b00;--hatch:#9aa5ae}
body{font-size:12px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.notice{background:#fff;color:#111;border:2px solid #111}
.figure{--mark:#ffb347;--bone:#8fb8d8}
.verdict .number{margin-left:auto;text-align:right}
.verdict div:first-child{flex:1 1 60%}.verdict .number{flex:0 1 30%}
.card,section,tr{break-inside:avoid}
.columns{grid-template-columns:5fr 6fr}
.overview .figure{max-height:150mm}
.track:not(.hatched){background:#e4e8ec}.threshold{background:#111}
.card .pair{grid-template-columns:1fr 1fr}
}
`
