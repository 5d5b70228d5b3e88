// Apollo Server, standalone.

import process from "node:process";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";

const typeDefs = `#graphql
  type Book { title: String, author: String }
  type Query { books: [Book], fails: String }
  type Mutation { add(title: String!): Book }
`;

const books = [{ title: "The Awakening", author: "Kate Chopin" }];

const resolvers = {
  Query: {
    books: () => books,
    fails: () => {
      throw new Error("on purpose");
    },
  },
  Mutation: { add: (_root, { title }) => ({ title }) },
};

const server = new ApolloServer({ typeDefs, resolvers });
const { url } = await startStandaloneServer(server, {
  listen: { port: Number(process.env.PORT ?? 4000) },
});
console.log(`Server listening at: ${url}`);
