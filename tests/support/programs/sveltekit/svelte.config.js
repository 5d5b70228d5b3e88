// SvelteKit with Deno's own adapter, as its documentation configures it.

import adapter from "@deno/svelte-adapter";

export default {
  kit: {
    adapter: adapter(),
    // The same in each build.
    version: { name: "test" },
    // The client of the test sends no Origin.
    csrf: { trustedOrigins: ["*"] },
  },
};
