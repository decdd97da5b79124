/** Ink on paper: it is read like an article and printed like one. Nothing depends on colour alone. */
export const STYLE = `
:root{color-scheme:light;--ink:#16191d;--soft:#56606b;--line:#d5dade;--faint:#eef1f3;--blue:#1f5a8a;--warn:#7a4300}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
p.notice{max-width:none}
.notice{background:#fff6e5;border-bottom:1px solid #e4c78f;color:#4d2e00;padding:10px 28px;font-weight:600}
.notice span{font-weight:400}
main,header{max-width:1080px;margin:0 auto;padding:0 28px}
header{padding-top:26px}
h1{font-size:28px;line-height:1.2;margin:0 0 6px;font-weight:650}
h2{font-size:22px;margin:44px 0 6px;padding-top:18px;border-top:2px solid var(--ink);font-weight:650}
h3{font-size:17px;margin:30px 0 8px;font-weight:650}
h4{font-size:14px;margin:20px 0 4px;font-weight:650}
h3+h4,figure h4,.figures h4{margin-top:0}
p{margin:0 0 8px;max-width:76ch}
.soft,.note,figcaption{color:var(--soft)}
.note,figcaption,.small{font-size:13px}
.note{margin:6px 0 0}
.break{overflow-wrap:anywhere}
.tag{display:inline-block;font-size:11px;font-weight:600;letter-spacing:.03em;border:1px solid var(--warn);color:var(--warn);border-radius:3px;padding:0 5px;margin-left:6px;white-space:nowrap;vertical-align:1px}
h2 .tag,h1 .tag{font-size:12px;vertical-align:4px}
.scroll{overflow-x:auto;margin-top:6px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13.5px;min-width:50%}
th,td{padding:5px 12px 5px 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:baseline}
td{white-space:nowrap}
th:first-child{text-align:left}
thead th{font-weight:600;color:var(--soft);vertical-align:bottom;border-bottom:1.5px solid var(--ink)}
tbody th{font-weight:500;white-space:nowrap}
tr.heading th{font-weight:650;padding-top:14px}
td b{font-weight:600}
.interval{color:var(--soft);font-size:12px}
tr.trivial>*{color:var(--soft);font-style:italic}
tr.trivial b{font-weight:500}
.dense table{font-size:12.5px}
.dense th,.dense td{padding-right:7px}
.headline table{width:100%;font-size:14.5px}
.headline td b{font-size:16px}
table.words td,table.words th{text-align:left;white-space:normal}
.figures{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:26px 34px;margin:10px 0}
figure{margin:0;break-inside:avoid}
.plot{display:block;width:100%;height:auto;max-width:460px;font-size:11px}
.plot text{fill:var(--ink)}
.plot .title{font-size:12px}
.plot .grid path{stroke:var(--faint);stroke-width:1}
.plot path{fill:none}
.plot .frame{stroke:var(--ink);stroke-width:1}
.plot .band{fill:#1f5a8a;fill-opacity:.16}
.plot .curve{stroke:#123f63;stroke-width:2;stroke-linejoin:round}
.plot .curve.thin{stroke-width:1.2}
.plot .baseline{stroke:#6d757d;stroke-width:1.4;stroke-dasharray:2 4}
.plot .ideal{stroke:#9aa3ab;stroke-width:1}
.plot .whisker{stroke:#123f63;stroke-width:1}
.plot .dot{fill:#123f63}
.plot .mark>:not(title){fill:#fff;stroke:#000;stroke-width:1.6}
.matrix{max-width:400px}
.matrix rect{fill:#123f63;stroke:var(--line)}
.matrix .dark text{fill:#fff}
summary{cursor:pointer;color:var(--blue)}
details{margin-top:8px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:8px 0;font-size:13.5px}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
code{font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
footer{margin:40px 0 30px;border-top:1px solid var(--line);padding-top:10px}
@media (max-width:760px){.figures{grid-template-columns:1fr}main,header,.notice{padding-left:14px;padding-right:14px}}
@media print{body{font-size:11px;print-color-adjust:exact;-webkit-print-color-adjust:exact}table{font-size:10px}th,td{padding:3px 8px 3px 0}.headline table{font-size:11px}.headline td b{font-size:12px}h2{break-before:page}h2:first-of-type{break-before:auto}tr,h3,h4{break-inside:avoid;break-after:avoid-page}p.notice{max-width:none}
.notice{background:#fff;border:1.5px solid #000;color:#000;margin-bottom:8px}.scroll{overflow:visible}main,header{max-width:none;padding:0}}
`
