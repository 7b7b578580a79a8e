/** The currencies whose minor unit is not a hundredth, as the server has them; `tests/house/test_web.py` compares the two. */
const WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const WITH_THREE = "BHD IQD JOD KWD LYD OMR TND";

/**
 * How many digits a currency has behind its point. Browsers know how amounts are usually written, which for some
 * (forint, rupiah, rial) is without the digits that are counted.
 */
export function digitsOf(currency: string): number {
  if (WITHOUT.split(" ").includes(currency)) return 0;
  return WITH_THREE.split(" ").includes(currency) ? 3 : 2;
}
