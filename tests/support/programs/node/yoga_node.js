// GraphQL Yoga on http.createServer.

import { createServer } from "node:http";
import process from "node:process";
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

const server = createServer(yoga);
const port = process.env.PORT ?? 4000;
server.listen(port, () => {
  console.info(`Server is listening on http://localhost:${port}/graphql`);
});
