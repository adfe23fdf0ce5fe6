import { browserEgressFlags, egressDisabledFeatures } from '#egress/browser-flags.ts'

/**
 * `WebUI…` are popups that run as targets of their own and double the CPU time of a page (measured with Chromium 156).
 * A site that crashes or hangs one page must not take another visit's with it, so processes are not shared beyond the site.
 */
const disabledFeatures: readonly string[] = [
  'WebUIReloadButton',
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'Translate',
  'ProcessPerSiteUpToMainFrameThreshold',
  'AcceptCHFrame',
]

/** Command line of the browser, without the profile folder and the sandbox. */
export const browserFlags: readonly string[] = [
  '--headless=new',
  '--remote-debugging-pipe',
  '--no-startup-window',
  `--disable-features=${[...disabledFeatures, ...egressDisabledFeatures].join(',')}`,
  ...browserEgressFlags(),
  // Tells of automation: navigator.webdriver, a screen smaller than the window, a machine without a mouse.
  '--disable-blink-features=AutomationControlled',
  '--screen-info={1920x1080}',
  '--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4',
  '--allow-pre-commit-input',
  // A visitor has a graphics card and most machines that visit have none: Chromium's software adapter lets GPU code run and be seen.
  '--enable-unsafe-webgpu',
  // Several visits at a time: each is in front, as far as its page can tell.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-crash-reporter',
  '--disable-extensions',
  '--disable-hang-monitor',
  '--disable-infobars',
  '--disable-prompt-on-repost',
  '--disable-search-engine-choice-screen',
  '--force-color-profile=srgb',
  '--mute-audio',
  '--password-store=basic',
  '--use-mock-keychain',
]
