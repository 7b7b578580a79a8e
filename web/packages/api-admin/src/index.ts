/** The admin client: everything that staff may do. No app that members see may import it. */
export * from "./generated";
export { client } from "./generated/client.gen";
