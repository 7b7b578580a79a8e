/** Options of TanStack Query for every operation. */
export * from "./generated/@tanstack/react-query.gen";
