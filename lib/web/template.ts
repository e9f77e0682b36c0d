import { text } from './html.ts';

/** The one page that there is, with its style and its script in it. Nothing is loaded from anywhere. */

export const STYLE = `
:root{color-scheme:light dark;--fg:#1c1e21;--bg:#fbfbfa;--dim:#666b73;--line:#dfe1e4;--soft:#f0f1f2;--red:#b3261e;--green:#1a7f37;--yellow:#8a6100;--blue:#0a58ca}
@media (prefers-color-scheme:dark){:root{--fg:#dee1e6;--bg:#16181b;--dim:#9aa1ab;--line:#2f343a;--soft:#212429;--red:#ff8a80;--green:#6ccf7e;--yellow:#e3b341;--blue:#79b8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:78rem;padding:1rem 1.25rem 3rem;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;align-items:baseline;border-bottom:1px solid var(--line);padding-bottom:.5rem}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem}
h1{font-size:1.15rem;margin:1rem 0 .5rem;overflow-wrap:anywhere}
h2{font-size:.95rem;margin:1.4rem 0 .35rem}
p{margin:.3rem 0}
a{color:inherit;text-decoration:underline;text-decoration-color:var(--dim);text-underline-offset:.2em}
a:hover,a:focus-visible{text-decoration-color:currentColor}
nav a,header a{color:var(--blue)}
ul{list-style:none;margin:0;padding:0}
.rows{display:table;border-spacing:0 .1rem;max-width:100%}
.rows li{display:table-row}
.rows li>span{display:table-cell;padding-right:1.25rem;vertical-align:top;white-space:nowrap;font-variant-numeric:tabular-nums}
.rows li>span:last-child{white-space:normal;overflow-wrap:anywhere;padding-right:0}
.rows .command{white-space:normal}
pre{margin:.3rem 0;padding:.7rem .8rem;background:var(--soft);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.45 ui-monospace,monospace}
.command{font:13px/1.45 ui-monospace,monospace;background:var(--soft);padding:.1rem .35rem;border-radius:4px;user-select:all;overflow-wrap:anywhere}
.commands li{margin:.25rem 0}
.facts li{overflow-wrap:anywhere}
.bold{font-weight:600}.dim{color:var(--dim)}.red{color:var(--red)}.green{color:var(--green)}.yellow{color:var(--yellow)}.blue,.cyan{color:var(--blue)}
#news{color:var(--dim);margin-left:auto}
@media (max-width:46rem){body{padding:.75rem .75rem 2rem}.rows,.rows li,.rows li>span{display:block;white-space:normal;padding-right:0}.rows li{padding:.35rem 0;border-bottom:1px solid var(--line)}.rows li>span{display:inline;margin-right:.6rem;overflow-wrap:anywhere}.rows li>span:empty{display:none}#news{margin-left:0}}
`;

/**
 * What has changed is put in the place of what it was, so that a selection, the focus and the place on the page stay. A page that nobody
 * sees hangs up, and comes back when it is seen.
 */
export const SCRIPT = `
const main=document.querySelector('main'),news=document.querySelector('#news');
let source,last=news.dataset.at;
function change(from,to){
  const a=[...from.childNodes],b=[...to.childNodes];
  for(let n=0;n<Math.max(a.length,b.length);n+=1){
    const x=a[n],y=b[n];
    if(!y)x.remove();
    else if(!x)from.append(y);
    else if(x.isEqualNode(y))continue;
    else if(x.nodeType===3&&y.nodeType===3)x.nodeValue=y.nodeValue;
    else if(x.nodeType===1&&y.nodeType===1&&x.cloneNode(false).isEqualNode(y.cloneNode(false)))change(x,y);
    else x.replaceWith(y);
  }
}
function clock(){return new Date().toISOString().slice(11,19)+'Z'}
function listen(){
  if(source||document.hidden)return;
  source=new EventSource('/news');
  source.onopen=()=>{news.textContent='live'};
  source.onmessage=({data})=>{last=clock();const one=document.createElement('template');one.innerHTML=data;change(main,one.content)};
  source.addEventListener('trouble',({data})=>{leave();news.textContent='no news since '+last+': '+data+' (reload to try again)'});
  source.onerror=()=>{if(source)news.textContent='no news since '+last+': does cadence-bus web still run?'};
}
function leave(){source?.close();source=undefined}
if(main.dataset.live==='yes'){
  listen();
  document.addEventListener('visibilitychange',()=>{if(document.hidden){leave();news.textContent='as of '+clock()}else listen()});
  addEventListener('pagehide',leave);
  addEventListener('pageshow',listen);
}
`;

export interface Page {
  readonly title: string;
  /** HTML. */
  readonly main: string;
  /** It is told anew whenever it changes. */
  readonly isLive?: boolean;
}

export interface PageFrame {
  readonly root: string;
  /** When it was read, ISO. */
  readonly at: string;
}

export function document({ title, main, isLive = false }: Page, { root, at }: PageFrame): string {
  const name = root.slice(root.lastIndexOf('/') + 1);
  const time = `${at.slice(11, 19)}Z`;
  const links = [
    ['/', 'now'],
    ['/cadences', 'cadences'],
    ['/runs', 'runs'],
    ['/incidents', 'incidents'],
    ['/dlq', 'dlq'],
    ['/vault', 'vault'],
  ].map(([href, word]) => `<a href="${href}">${word}</a>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)} · ${text(name)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><nav>${links.join('')}</nav><span id="news" data-at="${text(time)}">as of ${text(time)}; reload for news</span></header>
<main data-live="${isLive ? 'yes' : 'no'}">${main}</main>
<footer><p class="dim">${text(root)} · It only looks. Times are UTC where nothing else is said.</p></footer>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** For who may not come in: nothing of the bus is in it. */
export const STRANGER = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>cadence-bus</title>
<p>This page is for whoever has started it. Open the address that <code>cadence-bus web</code> has printed, as it stands there.</p>
</html>
`;
