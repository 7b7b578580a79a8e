import { qrCode } from "./qr-code";
import classes from "./qr.module.css";

const QUIET = 4;

/** A text as a QR code. It stays dark on light in both themes, as scanners want it. */
export default function Qr({ text, label }: { text: string; label: string }) {
  const grid = qrCode(text);
  const size = grid.length + 2 * QUIET;
  const path = grid
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${String(x + QUIET)} ${String(y + QUIET)}h1v1h-1z` : "")))
    .join("");
  return (
    <svg className={classes.qr} viewBox={`0 0 ${String(size)} ${String(size)}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path d={path} />
    </svg>
  );
}
