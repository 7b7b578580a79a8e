/** A module that so many files ask for is needed by every screen, or nearly so. */
const EVERY = 16;
/** What so many screens share is worth a file that all of them load. */
const MANY = 12;

/** Beside what nearly everybody shares, the page needs these before it draws anything. */
const START = [
  "node_modules/@tanstack/",
  "@mantine/notifications/",
  "@mantine/core/esm/core/MantineProvider/",
  "components/(Notification|CloseButton)/",
  "/(noop|use-color-scheme|use-mantine-color-scheme|use-computed-color-scheme|get-style-object|use-drag|use-hotkeys|use-force-update)[/.]",
  "/(react-transition-group|react-remove-scroll|react-remove-scroll-bar|react-style-singleton|use-sidecar|use-callback-ref|get-nonce|tslib)/",
  "@babel/runtime/",
  "packages/ui/src/(provider|theme)[.]",
  "console/src/session/(client|may)[.]",
  "console/src/(navigation|shell/is-allowed)[.]",
  "console/src/shell/mark[.]",
];

/** What stands around every screen, and what it is drawn with. */
const FRAME = [
  "@floating-ui/",
  "/(use-collapse|use-horizontal-collapse|use-disclosure|use-window-event|use-context-menu-handlers|create-scoped-keydown-handler|get-transition-props|RadioIcon|spotlight.store)[/.]",
  "components/(AppShell|Burger|NavLink|Collapse|Menu|Popover|Tooltip|Floating|FocusTrap|ActionIcon|Kbd|VisuallyHidden)/",
  "console/src/shell/(frame|bar|rail|stop-banner|allowed|workspace-menu|account-menu|language-menu|theme-button|shortcuts|chord|use-places|palette-store)[.]",
];

/**
 * Which modules share a file; groups are tried from the top. Left alone, each set of screens that share a module gets
 * a file of its own: more than a hundred for a first load, and each one costs a way to the server and back. A file that
 * the page itself needs must hold nothing that only screens need, or everybody would wait for it before the first paint.
 * What many share needs nothing that fewer share: in this order no file waits for one that waits for it.
 */
export const chunks = [
  { name: "react", test: /node_modules\/(react|react-dom|scheduler|use-sync-external-store)\// },
  { name: "routes", test: /src\/(screens\/[^/]+\/route|reports\/asked|shell\/(routes|root))\.tsx?$/ },
  { name: "calls", test: /\.gen\.ts\?call=/, minShareCount: 2 },
  { name: "icons", test: /@tabler\/icons-react\// },
  { name: "every", minShareCount: EVERY },
  { name: "start", test: anyOf(START) },
  { name: "common", minShareCount: MANY },
  { name: "frame", test: anyOf(FRAME) },
];

function anyOf(paths: readonly string[]): RegExp {
  return new RegExp(paths.join("|"));
}
