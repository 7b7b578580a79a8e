/** The sign of the house: a shoot that comes back every season. */
export function Mark({ size = 26 }: { size?: number }) {
  return <img src={`${import.meta.env.BASE_URL}mark.svg`} width={size} height={size} alt="" />;
}
