// GraphQL Yoga, as its documentation starts it on Deno. In JavaScript: with its types, globalThis has others for all code.

import { createSchema, createYoga } from "graphql-yoga";

const yoga = createYoga({
  schema: createSchema({
    typeDefs: `
      type Query { hello(name: String): String, fails: String }
      type Subscription { ticks: Int }
    `,
    resolvers: {
      Query: {
        hello: (_root, { name }) => `Hello ${name ?? "Yoga"}`,
        fails: () => {
          throw new Error("on purpose");
        },
      },
      Subscription: {
        ticks: {
          subscribe: async function* () {
            for (const ticks of [1, 2, 3]) yield await Promise.resolve({ ticks });
          },
        },
      },
    },
  }),
  logging: false,
});

Deno.serve(
  {
    onListen({ hostname, port }) {
      console.log(`Listening on http://${hostname}:${port}${yoga.graphqlEndpoint}`);
    },
  },
  yoga,
);
