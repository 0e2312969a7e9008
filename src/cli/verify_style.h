#ifndef AK_CLI_VERIFY_STYLE_H
#define AK_CLI_VERIFY_STYLE_H

/* The beginning of the page of verify --report: all of its looks. */
static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<title>Audit trail verification</title>\n<style>\n"
    ":root{color-scheme:light dark;--ink:#1c1e21;--dim:#5b6168;--paper:#fff;--line:#d5d9de;"
    "--good:#0b6b3a;--bad:#a8201a;--soft:#e3f2e9;--hurt:#fbe4e2;--calm:#eef0f3;--wait:#fdf3d7}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e8ea;--dim:#a0a7ae;--paper:#16181b;"
    "--line:#3a3f45;--good:#6fd39b;--bad:#ff8f86;--soft:#173626;--hurt:#46201d;--calm:#24282d;"
    "--wait:#3d341a}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
    "max-width:70rem;margin:0 auto;padding:1.5rem}\n"
    "h1{font-size:1.5rem}h2{font-size:1.25rem;border-top:1px solid var(--line);padding-top:1rem;"
    "margin-top:2rem}h3{font-size:1rem;margin:1.5rem 0 .5rem}\n"
    ".verdict{padding:1rem;border-left:.4rem solid;font-weight:600}.clean{background:var(--soft);"
    "border-color:var(--good)}.faults{background:var(--hurt);border-color:var(--bad)}\n"
    "table{border-collapse:collapse}.wide{width:100%}.scroll{overflow-x:auto}"
    ".wide td,.wide th,dl{font-size:.9rem}.wide td,.wide th{text-align:left;vertical-align:top;"
    "padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line)}\n"
    "code,pre{font:.85rem/1.4 ui-monospace,monospace;overflow-wrap:anywhere}"
    "pre{background:var(--calm);padding:.8rem;white-space:pre-wrap}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0}dt{color:var("
    "--dim)}dd{margin:0;overflow-wrap:anywhere}li{margin:0 0 "
    ".8rem;overflow-wrap:anywhere}.bad{color:var(--bad)}.dim,.key{color:var(--dim);font-size:."
    "85rem}\n"
    ".calendar{display:flex;flex-wrap:wrap;gap:1rem}.month caption{font-size:.85rem;"
    "color:var(--dim)}.month th{font-size:.65rem;font-weight:400;color:var(--dim)}"
    ".month td{width:1.9rem;height:2rem;padding:1px;text-align:center;font-size:.7rem;"
    "border:1px solid var(--paper)}.month b{display:block;font-weight:400}"
    ".month i{font-style:normal;font-weight:700}\n"
    ".sealed{background:var(--soft)}.quiet{background:var(--calm)}.open{background:var(--wait)}"
    ".fault{background:var(--hurt);color:var(--bad)}\n"
    "@media print{body{max-width:none;padding:0}h2,.month,tr{break-inside:avoid}}\n"
    "</style></head>\n<body>\n";

#endif
