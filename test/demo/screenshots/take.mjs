// Looks at Temporal's Web UI and takes the pictures of docs/: the list of changes
// with their search attributes, a held change with summary and current details,
// its timeline, and the timeline of the patch.
//   node take.mjs ADDRESS_OF_THE_LIST DIRECTORY CHROMIUM
import {chromium} from 'playwright-core';

const [list, out, executablePath] = process.argv.slice(2);
const columns = [
  'Workflow ID', 'ChangeStatus', 'ChangeRunbook', 'ChangeRisk', 'ChangeSubmitter', 'ChangeOwners', 'ChangeSystems',
  'ChangeWindowStart',
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

// appears waits until a text is on the page or in a frame of it; frames come and go.
async function appears(text) {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await page.waitForTimeout(100)) {
    for (const frame of page.frames()) {
      if (await frame.getByText(text).first().isVisible().catch(() => false)) return;
    }
  }
  throw new Error(`${text} does not appear on ${page.url()}`);
}

// shoot takes a picture when every text is there.
async function shoot(name, size, ...texts) {
  await page.setViewportSize(size);
  for (const text of texts) {
    await appears(text);
  }
  await page.waitForTimeout(1500); // what moves comes to rest
  await page.screenshot({path: `${out}/${name}.png`});
  console.log(`${out}/${name}.png`);
}

async function open(id, tab) {
  await page.goto(`${list}/${id}`, {waitUntil: 'domcontentloaded'});
  await page.waitForURL('**/timeline');
  if (tab !== 'timeline') await page.goto(page.url().replace(/timeline$/, tab), {waitUntil: 'domcontentloaded'});
}

await page.goto(list, {waitUntil: 'domcontentloaded'});
await shoot('temporal-changes', {width: 1990, height: 540}, 'CHG-4', 'ChangeOwners', 'backed-out');
await open('CHG-4', 'user-metadata');
await shoot('temporal-held', {width: 1600, height: 1000}, 'Summary', 'CHG-4: held');
await open('CHG-4', 'timeline');
await shoot('temporal-held-timeline', {width: 1600, height: 900}, 'Window opens at', /2\/6 failover/);
await open('CHG-1', 'timeline');
await shoot('temporal-patch-timeline', {width: 1600, height: 1250}, /59\/59 validate/, /48\/59 failback/);
await browser.close();
