/** The parts of a program that are written as text alone. */
const FORMLESS = /^(declarations|rfm|referrals\.(codes|link))(?![\w-])/;

/** Whether a problem's path leads into a part that has a form. */
export function hasForm(path: string): boolean {
  return !FORMLESS.test(path);
}
