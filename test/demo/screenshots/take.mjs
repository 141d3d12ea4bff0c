// Looks at Temporal's Web UI and takes the pictures of docs/: the list of changes
// with their search attributes, a held change with summary and current details,
// its timeline, and the timeline of the patch.
//   node take.mjs ADDRESS_OF_THE_LIST DIRECTORY CHROMIUM
import {chromium} from 'playwright-core';

const [list, out, executablePath] = process.argv.slice(2);
const columns = [
  'Workflow ID', 'ChangeStatus', 'ChangeType', 'ChangeRunbook', 'ChangeRisk', 'ChangeSubmitter', 'ChangeOwners',
  'ChangeWindowStart', 'ChangeWindowEnd',
];

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});
const page = await browser.newPage({viewport: {width: 1600, height: 900}});
page.setDefaultTimeout(60_000);
await page.addInitScript(
  ([key, value]) => localStorage.setItem(key, value),
  ['namespace-workflow-table-columns', JSON.stringify({changectl: columns.map((label) => ({label}))})],
);

// shoot waits until every text is on the page, or in a frame of it.
async function shoot(name, size, ...texts) {
  await page.setViewportSize(size);
  for (const text of texts) {
    await Promise.any(page.frames().map((f) => f.getByText(text).first().waitFor()));
  }
  await page.waitForLoadState('networkidle').catch(() => {}); // the list goes on asking
  await page.waitForTimeout(500); // what moves comes to rest
  await page.screenshot({path: `${out}/${name}.png`});
  console.log(`${out}/${name}.png`);
}

async function open(id, tab) {
  await page.goto(`${list}/${id}`, {waitUntil: 'domcontentloaded'});
  await page.waitForURL('**/timeline');
  if (tab !== 'timeline') await page.goto(page.url().replace(/timeline$/, tab), {waitUntil: 'domcontentloaded'});
}

await page.goto(list, {waitUntil: 'domcontentloaded'});
await shoot('temporal-changes', {width: 1760, height: 480}, 'CHG-4', 'ChangeOwners', 'backed-out');
await open('CHG-4', 'user-metadata');
await shoot('temporal-held', {width: 1600, height: 1000}, 'Summary', 'CHG-4: held');
await open('CHG-4', 'timeline');
await shoot('temporal-held-timeline', {width: 1600, height: 900}, 'Window opens at', /2\/6 failover/);
await open('CHG-1', 'timeline');
await shoot('temporal-patch-timeline', {width: 1600, height: 1750}, /59\/59 validate/, /22\/59 failover/);
await browser.close();
