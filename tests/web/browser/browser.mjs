// Debian's Chromium, without a window.
import { existsSync } from 'node:fs';

export const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);

/** Why there can be no browser, or false. */
export async function missing() {
  if (!chromium) return 'no Chromium (Debian: chromium)';
  try {
    await import('playwright-core');
    return false;
  } catch {
    return 'no playwright-core (./dev setup)';
  }
}

export async function openBrowser() {
  const { chromium: driver } = await import('playwright-core');
  return driver.launch({ executablePath: chromium, args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
}
