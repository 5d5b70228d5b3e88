export default function Page({ name }) {
  return <p>Hello {name}</p>;
}

function getServerSideProps({ query, res }) {
  if (query.fails !== undefined) throw new Error("on purpose");
  if (query.moves !== undefined) return { redirect: { destination: "/", permanent: false } };
  res.setHeader("Set-Cookie", ["a=1", "b=2"]);
  return { props: { name: query.name ?? "all" } };
}

export { getServerSideProps };
