// The programs and the browser of a file of tests: there before its first test, and gone after its last one.
import { after } from 'node:test';
import { missing, openBrowser } from './browser.mjs';
import { openStage } from './stage.mjs';

/** Why the tests are left out; false if they are not. */
export const skip = await missing();
export const [stage, browser] = skip ? [] : await Promise.all([openStage(), openBrowser()]);

after(async () => {
  await browser?.close();
  await stage?.end();
});
